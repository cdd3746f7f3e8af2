/* Many calls under way at once, over a bounded number of connections; those for one device one
 * after the other, in the order in which they were submitted. A single call is one that is
 * submitted and waited for. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "schedule.h"

struct exchange {
    struct http_transport transport;
    struct call_terms terms;
    int cancel_fd; /* -1: none */

    bool stopped;        /* cancel_fd has become readable */
    bool told_rewritten; /* once is enough */
    struct schedule schedule;
    struct call_list ended; /* and not handed out yet */
    struct call_order order;
};

void exchange_init(struct exchange *exchange);
/* Takes call over until exchange_wait() hands it out; its error is reset. */
void exchange_submit(struct exchange *exchange, struct call *call);
/* Works until wanted (NULL: any call) has ended, and hands it out; NULL when timeout_ms have passed
 * before, or when nothing is under way. */
struct call *exchange_wait(struct exchange *exchange, struct call *wanted, int64_t timeout_ms);
/* Submits call and waits for it. Its error then has any status of the hub or the network,
 * C2D_DRY_RUN or C2D_CANCELLED. */
void exchange_perform(struct exchange *exchange, struct call *call);
/* Gives up all calls, and drops them. */
void exchange_abort(struct exchange *exchange);

#endif
