/* files: the folder in which clients find the CA, the connection strings and the environment. */
#ifndef SIM_FILES_H
#define SIM_FILES_H

#include <stdbool.h>

struct evbuffer;
struct hub;

struct files {
    int fd;     /* -1: not open */
    char *path; /* absolute */
    bool is_temporary;
    struct evbuffer *names; /* of what was written, as lines */
};

/* Opens dir, made if missing; a fresh temporary one if dir is NULL. Writes everything, and sets
 * the variables of env for this process, too. False with errno set. files is to be cleared in any
 * case. */
bool files_write(struct files *files, const char *dir, const struct hub *hub,
                 struct evbuffer *ca_pem);
/* Removes a temporary folder and what was written there. */
void files_clear(struct files *files);

#endif
