/* Where the connection string and other secrets come from, and that they leave no trace. */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include "app.h"

#include <sys/resource.h>

/* Takes the secrets out of the environment before anything else can see it, and forbids cores and
 * a look into this process. For the start of main(). */
struct secrets {
    char *connection_string; /* from the program's own variable; NULL: not set, or empty */
    struct rlimit core;      /* as it was at start */
};

/* In a child before exec: cores are allowed again as they were. exec makes the process dumpable. */
void secrets_restore_limits(const struct secrets *secrets);
/* False without memory. */
bool secrets_take(struct secrets *secrets, const struct program *program);
void secrets_clear(struct secrets *secrets);
/* Takes user and password out of the proxies' variables, where they stand: nobody reads them again,
 * and handlers must not. */
void secrets_strip_proxies(void);

/* The first connection string there is, the caller's, and its source; reports why there is none.
 * That of the environment is forgotten. */
enum c2d_status credentials_find(struct app *app, char **connection_string);

/* A secret file's text, at most limit bytes; C2D_AUTH when others may read it. The caller's. */
enum c2d_status credentials_read_file(const struct app *app, const char *path, size_t limit,
                                      char **text);
/* C2D_AUTH when path is ours, others may read it and its owner could change that; C2D_OK also for
 * what is no regular file. */
enum c2d_status credentials_check_file(const struct app *app, const char *path, int fd);

#endif
