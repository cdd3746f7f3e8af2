/* Many calls under way at once, over a bounded number of connections. A single call is one that is
 * submitted and waited for. */
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
    bool is_shared;      /* by several clients */
    bool told_rewritten; /* once is enough */
    bool is_watched;     /* somebody waits for the transport's descriptor */
    bool is_known;       /* the hub has answered: the clock is right, or corrected */
    struct schedule schedule;
    struct link ended; /* and not handed out yet */
    size_t pending;    /* submitted, and not handed out yet */
    struct call_order order;
};

void exchange_init(struct exchange *exchange);
void exchange_clear(struct exchange *exchange);
/* Takes call over until exchange_wait() hands it out, and adds it to the list of its owner. False
 * without memory: nothing was done. */
bool exchange_submit(struct exchange *exchange, struct link *owner, struct call *call);
/* Submits a call that was handed out once more, in another form. */
void exchange_submit_again(struct exchange *exchange, struct link *owner, struct call *call);
/* Works until wanted (NULL: any call) has ended, and hands it out; NULL when timeout_ms have passed
 * before, or when nothing is under way. */
struct call *exchange_wait(struct exchange *exchange, struct call *wanted, int64_t timeout_ms);
/* Submits call and waits for it. Its outcome then has any status of the hub or the network,
 * C2D_DRY_RUN, C2D_CANCELLED or C2D_OS. */
void exchange_perform(struct exchange *exchange, struct link *owner, struct call *call);
/* Gives up all calls of an owner, and drops them. */
void exchange_drop(struct exchange *exchange, struct link *owner);
/* A descriptor that is readable while exchange_wait() has something to do. */
int exchange_descriptor(struct exchange *exchange);

/* Within the exchange. */
int64_t exchange_now_ms(const struct exchange *exchange);
bool exchange_is_idle(const struct exchange *exchange);
/* Time in which nothing is under way does not count as time in which the hub fails. */
void exchange_note_idle(struct exchange *exchange);
/* Ends a call that is in no list: it waits to be handed out. */
void exchange_end(struct exchange *exchange, struct call *call);
/* Lets a call start that has come after another one of its device; NULL: there is none. */
void exchange_follow(struct exchange *exchange, struct call *follower);
/* Ends a call as a cancel does, unless it gets the grace period, and then it is marked. */
void exchange_stop_call(struct exchange *exchange, struct call *call);
/* Looks at cancel_fd, which is never read: a cancel lasts as long as that is readable. One that was
 * closed cannot be watched any more, and counts as readable. */
void exchange_look_for_stop(struct exchange *exchange);
/* Ends all that waits for the hub after call has failed. */
void exchange_give_up(struct exchange *exchange, const struct call *call);

#endif
