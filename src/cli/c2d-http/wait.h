/* send --wait: waits for the outcome of a message. All waiting processes and the collector share a
 * feedback log. One of them reads the hub's queue for all. */
#ifndef WAIT_H
#define WAIT_H

#include "../common/report.h"
#include "collector.h"
#include "tail.h"

struct wait {
    struct collector collector;
    struct tail tail;
    struct subject subject;
    /* How often to poll the hub, and how long to wait; set by the caller before wait_for(). */
    int64_t interval_ms, wait_ms;
    /* When the send started, by the hub's clock, in ms since 1970 UTC; 0: not known. Older records
     * belong to earlier messages with the same id. Set by the caller between wait_open() and
     * wait_for(). */
    int64_t started_ms;
    char *record;             /* the feedback record of the message, a line of JSON */
    struct cJSON *fields;     /* the same, parsed */
    int log_errno;            /* why the log cannot be read; 0: no error */
    struct c2d_error trouble; /* the error of the last poll of the hub */
};

/* Called before the send: only records that are appended to path from now on count. Creates the
 * file if it does not exist. */
enum c2d_status wait_open(struct wait *wait, const struct app *app, const char *path,
                          struct c2d_error *error);
/* Called after the send. Waits up to wait_ms for the record of the message, and prints it. The last
 * read of the queue may take 5 s more, and completes a request in flight. Reports errors. Returns
 * STATUS_NEGATIVE unless the outcome is a success, and C2D_TIMEOUT if there is no record. */
enum c2d_status wait_for(struct wait *wait, const struct subject *subject);
void wait_close(struct wait *wait);

#endif
