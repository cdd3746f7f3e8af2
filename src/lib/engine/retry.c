/* Pure functions: clock and random numbers are parameters, so that tests can check every case. */
#include "retry.h"

#include "base/text.h"
#include "base/timestamp.h"

#include <stddef.h>
#include <string.h>

/* Delays in ms, costs in tokens of the budget. */
enum { DELAY_MIN_MS = 500, DELAY_CAP_MS = 30000, RETRY_COST = 5, TIMEOUT_COST = 10 };

/* Decorrelated jitter: spreads the retries of many clients that failed at the same moment. */
int64_t retry_delay_ms(const struct c2d_error *error, int64_t previous_ms, uint64_t random)
{
    int64_t previous = previous_ms < DELAY_MIN_MS ? DELAY_MIN_MS : previous_ms;
    uint64_t span = (uint64_t)(3 * previous - DELAY_MIN_MS);
    int64_t delay = DELAY_MIN_MS + (int64_t)(random % (span + 1));
    int64_t floor = (int64_t)error->retry_after_s * 1000;

    if (delay < floor)
        delay = floor;
    return delay > DELAY_CAP_MS ? DELAY_CAP_MS : delay;
}

enum retry_verdict retry_decide(const struct retry_case *now, struct retry_budget *budget,
                                int64_t *delay_ms)
{
    int cost = now->timed_out ? TIMEOUT_COST : RETRY_COST;

    *delay_ms = 0;
    if (now->attempt > (unsigned)now->max_retries)
        return RETRY_NEVER;
    /* At once and at no cost: it happens once in each operation. */
    if (now->error->http_status == 401)
        return now->can_renew_token ? RETRY_RENEWED : RETRY_NEVER;
    if (!now->error->retryable || (budget != NULL && budget->tokens < cost))
        return RETRY_NEVER;
    *delay_ms = now->at_once ? 0 : retry_delay_ms(now->error, now->previous_delay_ms, now->random);
    /* Before the cost: an attempt that does not start costs nothing. */
    if (*delay_ms >= now->remaining_ms)
        return RETRY_NO_TIME;
    if (budget != NULL)
        budget->tokens -= cost;
    return RETRY_AFTER_DELAY;
}

void retry_success(struct retry_budget *budget)
{
    if (budget != NULL && budget->tokens < RETRY_BUDGET_FULL)
        budget->tokens++;
}
