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
    bool is_spooled;     /* its messages are kept in a spool */
};

/* Runs the handler and waits for it. The body of message is on stdin, the rest in the environment.
 * Reports errors. The handler ends before deadline_ms, the lock expiry by clock_monotonic_ms(NULL);
 * INT64_MAX: none. With too little time it is not run, and the message is left. */
struct disposition handler_run(const struct handler *handler, const struct c2d_message *message,
                               int64_t deadline_ms);

#endif
