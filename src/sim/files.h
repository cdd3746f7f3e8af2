#ifndef SIM_FILES_H
#define SIM_FILES_H

#include "hub.h"

/* The folder with what a client needs: CA, connection strings, env. */
struct files {
    int fd;     /* -1: not open */
    char *path; /* absolute */
    bool is_temporary;
    char **names; /* of what was written */
    size_t count;
};

/* Opens dir, made if missing; a fresh temporary one if dir is NULL. False with errno set. files is
 * to be cleared in any case. */
bool files_open(struct files *files, const char *dir);
/* Writes everything. False with errno set. */
bool files_write(struct files *files, const struct hub *hub, const struct buf *ca_pem);
/* Sets the variables of env in this process's environment. False with errno set. */
bool files_export(const struct files *files, const struct hub *hub);
/* Removes a temporary folder and what was written there. */
void files_clear(struct files *files);

#endif
