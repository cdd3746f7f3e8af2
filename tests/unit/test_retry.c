#include "engine/retry.h"
#include "hub/hub_error.h"

#include "../support/table.h"

#include <criterion/criterion.h>
#include <limits.h>

static enum retry_verdict decide(struct retry_case now, struct retry_budget *budget,
                                 int64_t *delay_ms)
{
    static const struct c2d_error retryable = { .retryable = true, .http_status = 503 };
    struct retry_budget full = { RETRY_BUDGET_FULL };
    int64_t unused;

    if (now.error == NULL)
        now.error = &retryable;
    if (now.attempt == 0)
        now.attempt = 1;
    if (now.remaining_ms == 0)
        now.remaining_ms = 1000000;
    return retry_decide(&now, budget == NULL ? &full : budget,
                        delay_ms == NULL ? &unused : delay_ms);
}

Test(retry, exactly_the_temporary_http_statuses_are_retried)
{
    static const int retried[] = { 408, 429, 500, 502, 503, 504 };

    for (int status = 0; status < 700; status++) {
        bool expected = false;

        for (size_t i = 0; i < COUNT(retried); i++)
            expected = expected || retried[i] == status;
        cr_expect_eq(hub_error_is_retryable(status), expected, "HTTP %d", status);
    }
}

static const struct {
    int64_t previous_ms;
    int retry_after_s;
    uint64_t random;
    int64_t delay_ms;
} delays[] = {
    { 0, 0, 0, 500 },                                      /* the least */
    { 0, 0, 1000, 1500 },                                  /* the most of a first one: 3 x 0.5 s */
    { 0, 0, 1001, 500 },                                   /* and no more: it wraps */
    { 0, 0, 500, 1000 },                                   /* in between */
    { 1500, 0, 4000, 4500 },                               /* 3 x the previous */
    { 1500, 0, 0, 500 },       { 30000, 0, 89500, 30000 }, /* the cap */
    { 30000, 0, 0, 500 },      { 0, 7, 0, 7000 },          /* the hub's wish is a floor */
    { 4000, 7, 11500, 12000 },                             /* and no ceiling */
    { 0, 30, 0, 30000 },       { 0, 31, 0, 30000 },        /* clamped to the cap */
    { 0, INT_MAX, 0, 30000 },
};

Test(retry, delay_lies_between_half_a_second_and_three_times_the_previous_one)
{
    for (size_t i = 0; i < COUNT(delays); i++) {
        struct c2d_error error = { .retryable = true, .retry_after_s = delays[i].retry_after_s };
        int64_t delay_ms = 0;

        cr_expect_eq(decide((struct retry_case) { .max_retries = 3,
                                                  .error = &error,
                                                  .previous_delay_ms = delays[i].previous_ms,
                                                  .random = delays[i].random },
                            NULL, &delay_ms),
                     RETRY_AFTER_DELAY, "row %zu", i);
        cr_expect_eq(delay_ms, delays[i].delay_ms, "row %zu: %lld", i, (long long)delay_ms);
    }
}

Test(retry, delay_is_within_its_bounds_for_every_random_number)
{
    static const uint64_t numbers[] = { UINT64_MAX, UINT64_MAX / 2, 1ULL << 63,
                                        12345678901234567U };

    for (size_t i = 0; i < COUNT(numbers); i++)
        for (int64_t previous = 0; previous <= 30000; previous += 1000) {
            int64_t delay_ms = 0;
            int64_t most = 3 * (previous < 500 ? 500 : previous);

            decide((struct retry_case) { .max_retries = 1,
                                         .random = numbers[i],
                                         .previous_delay_ms = previous },
                   NULL, &delay_ms);
            cr_expect(delay_ms >= 500 && delay_ms <= most && delay_ms <= 30000, "%lld after %lld",
                      (long long)delay_ms, (long long)previous);
        }
}

Test(retry, attempts_are_the_first_and_the_allowed_retries)
{
    static const struct {
        unsigned attempt;
        int max;
        enum retry_verdict verdict;
    } rows[] = {
        { 1, 0, RETRY_NEVER },       { 1, 1, RETRY_AFTER_DELAY }, { 2, 1, RETRY_NEVER },
        { 3, 3, RETRY_AFTER_DELAY }, { 4, 3, RETRY_NEVER },
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        cr_expect_eq(
            decide((struct retry_case) { .attempt = rows[i].attempt, .max_retries = rows[i].max },
                   NULL, NULL),
            rows[i].verdict, "row %zu", i);
}

Test(retry, permanent_failure_is_not_retried)
{
    struct c2d_error error = { .http_status = 404, .retryable = false };

    cr_assert_eq(decide((struct retry_case) { .max_retries = 3, .error = &error }, NULL, NULL),
                 RETRY_NEVER);
}

Test(retry, deadline_is_never_passed_nor_reached)
{
    static const struct {
        int64_t remaining_ms;
        enum retry_verdict verdict;
    } rows[] = { { 501, RETRY_AFTER_DELAY },
                 { 500, RETRY_NO_TIME },
                 { 1, RETRY_NO_TIME },
                 { -5, RETRY_NO_TIME } };

    for (size_t i = 0; i < COUNT(rows); i++)
        cr_expect_eq(
            decide((struct retry_case) { .max_retries = 3, .remaining_ms = rows[i].remaining_ms },
                   NULL, NULL),
            rows[i].verdict, "row %zu", i);
}

Test(retry, refused_token_is_renewed_at_once_if_it_can_be)
{
    struct c2d_error error = { .http_status = 401 };
    struct retry_case now = { .max_retries = 3, .error = &error, .can_renew_token = true };
    int64_t delay_ms = 99;

    cr_assert_eq(decide(now, NULL, &delay_ms), RETRY_RENEWED);
    cr_assert_eq(delay_ms, 0);
    now.can_renew_token = false;
    cr_assert_eq(decide(now, NULL, NULL), RETRY_NEVER);
}

Test(retry, budget_bounds_the_extra_load)
{
    struct retry_budget budget = { RETRY_BUDGET_FULL };
    struct retry_case now = { .max_retries = 1000 };
    int retries = 0;

    while (retries < 1000 && decide(now, &budget, NULL) == RETRY_AFTER_DELAY)
        retries++;
    cr_assert_eq(retries, 20, "100 tokens at 5 each");
    cr_assert_eq(budget.tokens, 0);
    for (int i = 0; i < 4; i++)
        retry_success(&budget);
    cr_assert_eq(decide(now, &budget, NULL), RETRY_NEVER, "4 successes give 4 tokens");
    retry_success(&budget);
    cr_assert_eq(decide(now, &budget, NULL), RETRY_AFTER_DELAY);
}

Test(retry, timed_out_attempt_costs_twice)
{
    struct retry_budget budget = { RETRY_BUDGET_FULL };
    int retries = 0;

    while (retries < 1000
           && decide((struct retry_case) { .max_retries = 1000, .timed_out = true }, &budget, NULL)
                  == RETRY_AFTER_DELAY)
        retries++;
    cr_assert_eq(retries, 10);
}

Test(retry, budget_is_charged_only_for_a_retry_and_never_exceeds_its_maximum)
{
    struct retry_budget budget = { RETRY_BUDGET_FULL };
    struct c2d_error final = { .http_status = 404 };

    decide((struct retry_case) { .max_retries = 3, .error = &final }, &budget, NULL);
    decide((struct retry_case) { .max_retries = 3, .remaining_ms = 1 }, &budget, NULL);
    decide((struct retry_case) { .max_retries = 0 }, &budget, NULL);
    retry_success(&budget);
    cr_assert_eq(budget.tokens, RETRY_BUDGET_FULL);
}

/* 784111777 is Sun, 06 Nov 1994 08:49:37 GMT. */
static const struct {
    const char *header;
    int64_t now_s;
    int seconds;
} wishes[] = {
    { NULL, 0, 0 },
    { "0", 0, 0 },
    { "120", 0, 120 },
    { "2147483647", 0, INT_MAX },
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 - 30, 30 },
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777, 0 },
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 + 30, 0 },
    { "Fri, 31 Dec 9999 23:59:59 GMT", 0, INT_MAX },
    { "", 0, 0 },
    { "-5", 0, 0 },
    { "5.5", 0, 0 },
    { "soon", 0, 0 },
};

Test(retry, retry_after_beyond_the_range_is_a_long_one)
{
    cr_expect_eq(hub_error_retry_after_s("2147483648", 0), INT_MAX);
    cr_expect_eq(hub_error_retry_after_s("99999999999999999999", 0), INT_MAX);
}

Test(retry, retry_after_is_read_as_seconds_or_date)
{
    for (size_t i = 0; i < COUNT(wishes); i++) {
        int seconds = hub_error_retry_after_s(wishes[i].header, wishes[i].now_s);

        cr_expect_eq(seconds, wishes[i].seconds, "row %zu: %d", i, seconds);
    }
}

Test(retry, without_a_budget_only_the_number_of_attempts_is_limited)
{
    struct c2d_error error = { .retryable = true };
    int64_t delay_ms;

    for (unsigned attempt = 1; attempt <= 1001; attempt++)
        cr_expect_eq(retry_decide(&(struct retry_case) { .attempt = attempt,
                                                         .max_retries = 1000,
                                                         .error = &error,
                                                         .remaining_ms = 60000 },
                                  NULL, &delay_ms),
                     attempt <= 1000 ? RETRY_AFTER_DELAY : RETRY_NEVER, "attempt %u", attempt);
}
