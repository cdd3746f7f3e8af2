/* Attempts, delays and time-outs, tested by c2d_receive() over a scripted hub. */
#include "../support/once.h"

#include <criterion/criterion.h>
#include <string.h>

Test(client_retry, delays_follow_the_policy_on_the_clock)
{
    struct script script = {
        .random = 1000, /* modulo the span of each delay: 1000 of 0-1000, 1000 of 0-4000 */
        .replies = { { .status = 503 },
                     { .status = 429, .headers = { "Retry-After: 7" } },
                     { .failure = C2D_NETWORK },
                     { .status = 204 } },
    };
    struct c2d_error error;

    cr_assert_eq(receive_once(&script, NULL, &error), C2D_NO_MESSAGE);
    cr_assert_eq(script.request_count, 4);
    cr_assert_eq(script.requests[1].at_ms, 1500);
    cr_assert_eq(script.requests[2].at_ms, 1500 + 7000);
    cr_assert_eq(script.requests[3].at_ms, 1500 + 7000 + 1500);
    cr_assert_eq(error.attempts, 4);
}

static const struct {
    struct script_reply reply;
    bool retried;
} worth[] = {
    { { .failure = C2D_NETWORK }, true },
    { { .failure = C2D_TLS, .final = true }, false },
    { { .status = 408 }, true },
    { { .status = 429 }, true },
    { { .status = 500 }, true },
    { { .status = 502 }, true },
    { { .status = 503 }, true },
    { { .status = 504 }, true },
    { { .status = 400 }, false },
    { { .status = 403 }, false },
    { { .status = 404 }, false },
    { { .status = 501 }, false },
    { { .status = 302 }, false },
    { { .status = 200 }, false },
    { { .status = 400, .headers = { "iothub-errorcode: RequestTimedOut" } }, true },
    { { .status = 404, .headers = { "iothub-errorcode: IotHubFailingOver" } }, true },
};

Test(client_retry, after_a_reused_connection_failed_a_new_one_is_tried_at_once)
{
    struct script script = {
        .random = 1000,
        .replies = { { .failure = C2D_NETWORK, .written = true, .stale = true },
                     { .failure = C2D_NETWORK, .written = true },
                     { .status = 204 } },
    };
    struct c2d_error error;

    cr_assert_eq(receive_once(&script, NULL, &error), C2D_NO_MESSAGE);
    cr_assert_eq(script.request_count, 3);
    cr_assert_not(script.requests[0].fresh);
    cr_assert(script.requests[1].fresh);
    cr_assert_eq(script.requests[1].at_ms, 0);
    cr_assert_not(script.requests[2].fresh);
    cr_assert_gt(script.requests[2].at_ms, 0);
    cr_assert_eq(error.attempts, 3, "each attempt must count");
    cr_assert(error.earlier_try_unanswered);
}

Test(client_retry, only_temporary_failures_are_retried)
{
    for (size_t i = 0; i < COUNT(worth); i++) {
        struct script script = { .replies = { worth[i].reply, { .status = 204 } } };
        struct c2d_error error;

        receive_once(&script, NULL, &error);
        cr_expect_eq(script.request_count, worth[i].retried ? 2 : 1, "row %zu", i);
    }
}

Test(client_retry, last_response_is_reported_when_the_attempts_are_used_up)
{
    struct script script = {
        .replies = { { .status = 503 }, { .status = 503 }, { .status = 503 }, { .status = 500 } },
    };
    struct c2d_error error;

    cr_assert_eq(receive_once(&script, NULL, &error), C2D_SERVER);
    cr_assert_eq(script.request_count, 4);
    cr_assert_eq(error.http_status, 500);
    cr_assert_eq(error.attempts, 4);
    cr_assert_not_null(strstr(error.text, "(4 attempts)"), "%s", error.text);
}

static const struct {
    const char *what;
    struct script_reply replies[4];
    enum c2d_status status;
    size_t requests;
} times_up[] = {
    { "never answered", { { .silent = true } }, C2D_TIMEOUT, 1 },
    { "no connection, then too late",
      { { .failure = C2D_NETWORK, .delay_ms = 59800 } },
      C2D_TIMEOUT,
      1 },
    { "throttled, then silent", { { .status = 429 }, { .silent = true } }, C2D_THROTTLED, 2 },
    { "throttled, then too late", { { .status = 429, .delay_ms = 59800 } }, C2D_THROTTLED, 1 },
    { "a wish longer than the time that is left",
      { { .status = 503, .headers = { "Retry-After: 20" }, .delay_ms = 45000 } },
      C2D_SERVER,
      1 },
};

Test(client_retry, time_out_is_reported_only_if_the_hub_never_responded)
{
    for (size_t i = 0; i < COUNT(times_up); i++) {
        struct script script = { 0 };
        struct c2d_error error;

        memcpy(script.replies, times_up[i].replies, sizeof times_up[i].replies);
        cr_expect_eq(receive_once(&script, NULL, &error), times_up[i].status, "%s: %s",
                     times_up[i].what, error.text);
        cr_expect_eq(script.request_count, times_up[i].requests, "%s", times_up[i].what);
        cr_expect_leq(script.now_ms, 61000, "%s", times_up[i].what);
    }
}

Test(client_retry, transport_that_exceeds_the_time_out_is_stopped_a_second_later)
{
    struct script script = { .replies = { { .deaf = true } } };
    struct c2d_error error;

    cr_assert_eq(receive_once(&script, NULL, &error), C2D_TIMEOUT);
    cr_assert_eq(script.now_ms, 61000);
    cr_assert_eq(script.cancelled, 1);
    cr_assert(error.earlier_try_unanswered, "the request may have been written");
}

Test(client_retry, each_attempt_gets_the_remaining_time)
{
    struct script script = { .replies = { { .status = 503, .delay_ms = 20000 },
                                          { .status = 204 } } };
    struct c2d_error error;

    receive_once(&script, NULL, &error);
    cr_assert_eq(script.requests[0].timeout_ms, 60000);
    cr_assert_eq(script.requests[1].timeout_ms, 60000 - 20000 - 500);
}

Test(client_retry, wait_that_a_signal_interrupts_goes_on)
{
    struct script script = {
        .replies = { { .status = 503, .headers = { "Retry-After: 10" } }, { .status = 204 } },
        .wakes_early = true,
    };
    struct c2d_error error;

    receive_once(&script, NULL, &error);
    cr_assert_eq(script.requests[1].at_ms, 10000);
}

Test(client_retry, budget_ends_the_retries_of_a_hub_that_is_down)
{
    struct script script = { 0 };
    struct c2d_client *client = client_for_test(&script, DEVICE_STRING);
    struct retry_budget budget = { RETRY_BUDGET_FULL };
    struct c2d_message *message = NULL;
    size_t requests = 0;

    client->shared->exchange.terms.budget = &budget;

    /* 100 tokens, 5 for a retry: 20 retries, and then one request per call. */
    for (int call = 0; call < 12; call++) {
        script.request_count = 0;
        cr_assert_eq(c2d_receive(client, &message, NULL), C2D_NETWORK);
        requests += script.request_count;
    }
    cr_assert_eq(requests, 12 + 20);
    c2d_client_free(client);
}

Test(client_retry, a_budget_bounds_the_retries_of_many_operations)
{
    struct script script = {
        .options = &(struct c2d_options) { .size = sizeof(struct c2d_options),
                                           .connect_timeout_ms = 1000,
                                           .timeout_ms = 60000,
                                           .retries = 3,
                                           .cancel_fd = -1,
                                           .retry_budget = true },
        .replies = { { .status = 503 }, { .status = 503 }, { .status = 503 }, { .status = 204 } },
    };
    struct c2d_client *client = client_for_test(&script, DEVICE_STRING);
    struct c2d_message *message = NULL;

    cr_assert_eq(client->shared->budget.tokens, RETRY_BUDGET_FULL);
    client->shared->budget.tokens = 9; /* a retry costs 5 */
    cr_expect_eq(c2d_receive(client, &message, NULL), C2D_SERVER);
    cr_expect_eq(script.request_count, 2);
    cr_expect_eq(c2d_receive(client, &message, NULL), C2D_SERVER);
    cr_expect_eq(script.request_count, 3);
    cr_expect_eq(c2d_receive(client, &message, NULL), C2D_NO_MESSAGE);
    cr_expect_eq(client->shared->budget.tokens, 5);
    c2d_client_free(client);
}
