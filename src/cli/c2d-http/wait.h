/* send --wait: what became of a message, from the feedback log that all who wait, and a collector,
 * have in common. One of them reads the hub's queue for all. */
#ifndef WAIT_H
#define WAIT_H

#include "../common/report.h"
#include "collector.h"
#include "tail.h"

struct wait {
    struct collector collector;
    struct tail tail;
    struct subject subject;
    int64_t interval_ms; /* how often the hub is asked; set by the caller before wait_for() */
    /* When the send began, by the hub's clock, in ms since 1970 UTC; 0: not known. Set by the
     * caller between wait_open() and wait_for(): records of earlier messages with the same id are
     * older. */
    int64_t began_ms;
    char *record;             /* the line that was waited for */
    int log_errno;            /* the log cannot be read */
    struct c2d_error trouble; /* that was met in asking the hub last */
};

/* Before the send: only what is appended to path from now on counts. Makes it where it is new.
 * Reports STATUS_CANT_CREATE, C2D_OS. */
enum c2d_status wait_open(struct wait *wait, const struct app *app, const char *path);
/* After the send: until the record on the message comes, which is printed, or wait_ms have passed.
 * The queue is read for up to 5 s more, and a request that is under way is still waited for.
 * STATUS_NEGATIVE unless it is a success, C2D_TIMEOUT when none came. */
enum c2d_status wait_for(struct wait *wait, struct app *app, const struct subject *subject,
                         int64_t wait_ms);
void wait_close(struct wait *wait);

#endif
