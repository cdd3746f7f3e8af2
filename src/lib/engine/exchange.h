/* Runs many calls at once, over a bounded number of connections. A blocking operation submits one
 * call and waits for it. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "call_order.h"
#include "schedule.h"

struct exchange {
    struct http_transport transport;
    struct call_terms terms;
    int cancel_fd; /* -1: none */

    bool stopped; /* cancel_fd is readable, or was closed */
    bool is_cancel_fd_closed;
    bool is_shared;            /* by several clients */
    bool has_warned_rewritten; /* of a proxy that rewrites a 204 */
    bool is_watched;           /* c2d_fd() has returned the transport's descriptor */
    bool is_clock_known;       /* the hub has responded: our clock is right, or corrected */
    struct schedule schedule;
    struct link ended; /* not returned yet */
    size_t pending;    /* submitted, and not returned yet */
    struct call_order order;
};

void exchange_init(struct exchange *exchange);
void exchange_clear(struct exchange *exchange);
/* Submits call and adds it to the list of its owner. The caller keeps it until exchange_wait()
 * returns it. False: out of memory, nothing was done. */
bool exchange_submit(struct exchange *exchange, struct link *owner, struct call *call);
/* Works until wanted (NULL: any call) has ended, and returns it. Returns NULL after timeout_ms, or
 * if no call is pending. */
struct call *exchange_wait(struct exchange *exchange, struct call *wanted, int64_t timeout_ms);
/* Submits call and waits for it. Its outcome then has any status of the hub or the network,
 * C2D_DRY_RUN, C2D_CANCELLED or C2D_OS. */
void exchange_perform(struct exchange *exchange, struct link *owner, struct call *call);
/* Ends and drops all calls of an owner. */
void exchange_drop(struct exchange *exchange, struct link *owner);
/* Returns a descriptor that is readable while exchange_wait() has something to do. */
int exchange_descriptor(struct exchange *exchange);

/* Only for exchange.c and exchange_stop.c. */
int64_t exchange_now_ms(const struct exchange *exchange);
/* Called when a call has ended: the time without calls does not count for a pause. */
void exchange_note_idle(struct exchange *exchange);
/* Ends a call that is in no list, and adds it to `ended`. */
void exchange_end(struct exchange *exchange, struct call *call);
/* Makes a queued send ready when the one before it has ended; follower may be NULL. */
void exchange_follow(struct exchange *exchange, struct call *follower);
/* Cancels a call: ends it, or starts its grace period. */
void exchange_stop_call(struct exchange *exchange, struct call *call);
/* Polls cancel_fd, which is never read: a cancellation lasts while it is readable. A descriptor
 * that was closed counts as readable, as it can no longer be watched. */
void exchange_check_cancel(struct exchange *exchange);
/* Ends all calls that wait for the hub, after the failure of call. */
void exchange_give_up(struct exchange *exchange, const struct call *call);

#endif
