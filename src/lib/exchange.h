/* Many calls under way at once, over a bounded number of connections; those for one device one
 * after the other, in the order in which they were submitted. A single call is one that is
 * submitted and waited for. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "call.h"

struct call_list {
    struct call *first, **last;
    size_t count;
};

enum { EXCHANGE_BUCKETS = 64 };

struct exchange {
    struct http_transport transport;
    struct call_terms terms;
    int cancel_fd;   /* -1: none */
    size_t parallel; /* most calls that are begun and not ended; 1 or more */
    int patience_ms; /* how long a hub may do nothing but throttle; 0: a 429 is like any failure */

    bool stopped;           /* cancel_fd has become readable */
    int64_t pause_until_ms; /* the hub throttles: no try begins before */
    bool throttled;         /* nothing but 429 since: */
    int64_t throttled_since_ms;
    bool told_throttled;    /* once is enough */
    bool told_rewritten;    /* likewise */
    struct call_list ready; /* to be begun, in their order */
    struct call_list begun; /* flying or sleeping */
    struct call_list ended; /* and not handed out yet */
    /* The last unfinished call of each device, by a hash of its id. */
    struct call *unfinished[EXCHANGE_BUCKETS];
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
