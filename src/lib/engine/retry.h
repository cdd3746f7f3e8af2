/* When to try again, and after how long: a pure function of what happened. */
#ifndef RETRY_H
#define RETRY_H

#include "c2d.h"

/* Bounds the load that retries add when a hub is down: each costs tokens, each success gives one
 * back. Start from RETRY_BUDGET_FULL. */
struct retry_budget {
    int tokens;
};

enum { RETRY_BUDGET_FULL = 100 };

/* What is known after a try. */
struct retry_case {
    unsigned attempt;              /* tries made, from 1 */
    int max_retries;               /* tries after the first */
    const struct c2d_error *error; /* of this try: retryable, http_status, retry_after_s */
    bool timed_out;                /* it got no answer in time */
    bool at_once;                  /* a reused connection failed: nothing to wait for */
    bool can_renew_token;          /* a 401 may be answered with a fresh token, once */
    int64_t remaining_ms;          /* until the operation's deadline */
    int64_t previous_delay_ms;     /* 0 before the first retry */
    uint64_t random;               /* any 64 bits */
};

enum retry_verdict {
    RETRY_NEVER,       /* not worth it, or tries or budget are used up */
    RETRY_NO_TIME,     /* worth it, but the deadline comes first */
    RETRY_AFTER_DELAY, /* again after *delay_ms */
    RETRY_RENEWED,     /* at once, with a fresh token */
};

/* Takes from budget only when it says to try again; NULL: unlimited. */
enum retry_verdict retry_decide(const struct retry_case *now, struct retry_budget *budget,
                                int64_t *delay_ms);
void retry_success(struct retry_budget *budget);
/* The back-off after error, in ms: longer than the one before, previous_ms, but for chance. Its
 * retry_after_s is a floor; 30 s are the most. */
int64_t retry_delay_ms(const struct c2d_error *error, int64_t previous_ms, uint64_t random);

#endif
