/* A program that is run once for each message; how it ends says what becomes of the message. */
#ifndef HANDLER_H
#define HANDLER_H

#include "../common/app.h"
#include "verdict.h"

struct handler {
    const struct app *app;
    char **command;      /* NULL-terminated */
    int64_t timeout_ms;  /* 0: none */
    int64_t reject_code; /* -1: none */
};

/* Runs the handler with message's body on stdin and the rest in its environment, and waits for it.
 * Reports what went wrong. */
struct dealt handler_run(const struct handler *handler, const struct c2d_message *message);

#endif
