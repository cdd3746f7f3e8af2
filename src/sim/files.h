/* The folder of files for clients: the CA, the connection strings and the environment. */
#ifndef SIM_FILES_H
#define SIM_FILES_H

#include <stdbool.h>

struct evbuffer;
struct hub;

struct files {
    int fd;     /* -1: not open */
    char *path; /* absolute */
    bool is_temporary;
    struct evbuffer *names; /* of the written files, one a line */
};

/* Opens dir, which is created if missing, or a new temporary folder if dir is NULL. Writes all
 * files, and sets the variables of env in this process. False with errno set. The caller calls
 * files_clear() in any case. */
bool files_write(struct files *files, const char *dir, const struct hub *hub,
                 struct evbuffer *ca_pem);
/* Removes a temporary folder and the files written to it. */
void files_clear(struct files *files);

#endif
