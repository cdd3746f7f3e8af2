/* Starts a handler's process, and tells why that failed. */
#ifndef HANDLER_START_H
#define HANDLER_START_H

#include "../common/app.h"
#include "handler_env.h"

#include <sys/types.h>

/* command is NULL-terminated. Returns the process, which leads a session of its own and is guarded
 * (see signals.h), or -1 with errno. *report is the caller's to close: handler_start_problem()
 * reads it. */
pid_t handler_start(const struct app *app, char **command, const struct c2d_message *message,
                    enum env_cut *cut, int *report);
/* Once the process has ended: why its program could not be executed, as errno; 0 if it could. */
int handler_start_problem(int report);

/* Why program, or what it was to execute if it was executed itself, was not found although its file
 * is there: text and hint for an error. False, with both unchanged, when nothing is known. */
bool handler_start_explain(const char *program, bool executed, char text[static 512],
                           char hint[static 512]);

#endif
