/* The retry policy: decides whether to retry, and after what delay. */
#ifndef RETRY_H
#define RETRY_H

#include "c2d.h"

/* Limits the load of retries when a hub is down: each costs tokens, each success returns one.
 * Starts with RETRY_BUDGET_FULL. */
struct retry_budget {
    int tokens;
};

enum { RETRY_BUDGET_FULL = 100 };

/* The facts after a failed attempt. */
struct retry_case {
    unsigned attempt;              /* number of this attempt, from 1 */
    int max_retries;               /* attempts after the first */
    const struct c2d_error *error; /* of this attempt: retryable, http_status, retry_after_s */
    bool timed_out;                /* it got no response in time */
    bool at_once;                  /* a reused connection failed: no delay is needed */
    bool can_renew_token;          /* a 401 may be retried with a new token, once */
    int64_t remaining_ms;          /* until the operation's deadline */
    int64_t previous_delay_ms;     /* 0 before the first retry */
    uint64_t random;               /* any 64 bits */
};

enum retry_verdict {
    RETRY_NEVER,       /* not retryable, or attempts or budget are used up */
    RETRY_NO_TIME,     /* retryable, but the deadline comes first */
    RETRY_AFTER_DELAY, /* retry after *delay_ms */
    RETRY_RENEWED,     /* retry at once, with a new token */
};

/* Takes tokens from budget (NULL: unlimited) only for RETRY_AFTER_DELAY. */
enum retry_verdict retry_decide(const struct retry_case *now, struct retry_budget *budget,
                                int64_t *delay_ms);
void retry_success(struct retry_budget *budget);
/* Returns the back-off after error in ms: random, 3 times the previous one at most. At least its
 * retry_after_s, but never more than 30 s. */
int64_t retry_delay_ms(const struct c2d_error *error, int64_t previous_ms, uint64_t random);

#endif
