/* Receives messages, or batches of feedback, and settles them, one after the other. Far from the
 * hub it receives the next one while the last one is being settled: that halves the time of a
 * drain, at the price of a second connection. */
#ifndef RECEIVER_H
#define RECEIVER_H

#include "app.h"

enum {
    RECEIVER_PARALLEL = 2,     /* requests in flight: a settlement and a receive */
    RECEIVER_SETTLE_MS = 5000, /* of the lock's time, kept for the settlement */
};

/* Set app and action, C2D_ACTION_RECEIVE or C2D_ACTION_FEEDBACK; the rest is 0. */
struct receiver {
    const struct app *app;
    enum c2d_action action;
    int64_t lost_at_ms; /* when a message or batch was locked that is not handled, or may have been
                         * locked by a lost response, in the last minute; 0: none */

    /* Private to receiver.c. */
    bool is_begun;         /* there was a receive */
    int64_t first_ms;      /* how long the first took, with its connection; 0: unknown */
    unsigned settled;      /* settlements since receiver_start() */
    int64_t round_trip_ms; /* how long the shortest of them took */
    bool is_pending;       /* a receive was started during a settlement */
};

/* Begins a drain. */
void receiver_start(struct receiver *receiver);
/* As c2d_receive() or c2d_feedback_receive(); the caller frees what is in *result. What was
 * received during a settlement is put back if there is a reason to stop, or if the settlement took
 * too much of its lock's time; then it is received again. */
enum c2d_status receiver_receive(struct receiver *receiver, struct c2d_result *result);
/* As c2d_settle() or c2d_feedback_settle(). wants_next: the caller will receive the next one. */
enum c2d_status receiver_settle(struct receiver *receiver, const char *lock_token,
                                enum c2d_outcome outcome, bool wants_next, struct c2d_error *error);
/* Ends a drain: after a settlement that failed, what was received meanwhile is left to the hub. */
void receiver_end(struct receiver *receiver);

#endif
