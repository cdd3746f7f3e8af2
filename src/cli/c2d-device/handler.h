/* Runs a program for each message. Its exit code decides the disposition of the message. */
#ifndef HANDLER_H
#define HANDLER_H

#include "../common/app.h"
#include "disposition.h"

struct handler {
    const struct app *app;
    char **command;      /* NULL-terminated */
    int64_t timeout_ms;  /* 0: none */
    int64_t reject_code; /* -1: none */
};

/* Runs the handler and waits for it. The body of message is on stdin, the rest in the environment.
 * Reports errors. */
struct disposition handler_run(const struct handler *handler, const struct c2d_message *message);

#endif
