/* Starts the process of a handler, and explains why that failed. */
#ifndef HANDLER_START_H
#define HANDLER_START_H

#include "../common/app.h"
#include "handler_env.h"

#include <sys/types.h>

/* Returns the process, or -1 with errno. It leads its own session and is guarded (see signals.h).
 * command is NULL-terminated. The caller closes *problem_fd, for handler_start_problem(). */
pid_t handler_start(const struct app *app, char **command, const struct c2d_message *message,
                    enum env_cut *cut, int *problem_fd);
/* After the process has ended: errno of its failed execve(2), or 0. */
int handler_start_problem(int problem_fd);

/* Explains why execve(2) or the program itself (executed) found no file although program exists.
 * Fills in text and hint for an error. Returns false, with both unchanged, if the cause is
 * unknown. */
bool handler_start_explain(const char *program, bool executed, char text[static 512],
                           char hint[static 512]);

#endif
