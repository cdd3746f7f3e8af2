/* Finds the connection string and other secrets, and removes their traces. */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include "app.h"

#include <sys/resource.h>

/* Filled in by secrets_take(). */
struct secrets {
    char *connection_string; /* from the program's variable; NULL: unset or empty */
    struct rlimit core;      /* the limit at start */
};

/* Called in a child before exec(): restores the core limit. exec() makes the process dumpable. */
void secrets_restore_limits(const struct secrets *secrets);
/* Moves the secrets from the environment to memory, and forbids core dumps and ptrace(2). Called at
 * the start of main(). Returns false if out of memory. */
bool secrets_take(struct secrets *secrets, const struct program *program);
void secrets_clear(struct secrets *secrets);
/* Removes user and password from the proxy variables, in place. They are not needed again, and
 * handlers must not see them. */
void secrets_strip_proxies(void);

/* Returns the first connection string, which the caller frees, and sets app->source. 
 * secrets->connection_string is cleared. */
enum c2d_status credentials_find(struct app *app, char **connection_string,
                                 struct c2d_error *error);

/* Returns the text of a secret file, at most limit bytes; the caller frees it. C2D_AUTH if other
 * users may read the file. */
enum c2d_status credentials_read_file(const struct app *app, const char *path, size_t limit,
                                      char **text, struct c2d_error *error);
/* Returns C2D_AUTH if other users may read path and its owner, this user, can change that. Returns
 * C2D_OK for anything but a regular file. */
enum c2d_status credentials_check_file(const struct app *app, const char *path, int fd,
                                       struct c2d_error *error);

#endif
