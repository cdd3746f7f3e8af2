/* Attempts, delays, time-outs, tokens and clocks, tested by c2d_receive() over a scripted hub. */
#include "../support/script.h"
#include "hub/sas.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define DATE_2_H_BACK "Date: Wed, 31 Dec 2025 22:00:00 GMT" /* SCRIPT_START_S is the new year */

static enum c2d_status receive_over(struct script *script, struct c2d_error *error)
{
    struct c2d_client *client = client_for_test(script, DEVICE_STRING);
    struct c2d_message *message = NULL;
    enum c2d_status status = c2d_receive(client, &message, error);

    c2d_message_free(message);
    c2d_client_free(client);
    return status;
}

static int64_t expiry_of(const struct script_request *request)
{
    struct c2d_sas sas;

    cr_assert_eq(sas_parse(request->authorization, &sas, NULL), C2D_OK);
    return sas.expires_at_s;
}

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

    cr_assert_eq(receive_over(&script, &error), C2D_NO_MESSAGE);
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

    cr_assert_eq(receive_over(&script, &error), C2D_NO_MESSAGE);
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

        receive_over(&script, &error);
        cr_expect_eq(script.request_count, worth[i].retried ? 2 : 1, "row %zu", i);
    }
}

Test(client_retry, last_response_is_reported_when_the_attempts_are_used_up)
{
    struct script script = {
        .replies = { { .status = 503 }, { .status = 503 }, { .status = 503 }, { .status = 500 } },
    };
    struct c2d_error error;

    cr_assert_eq(receive_over(&script, &error), C2D_SERVER);
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
        cr_expect_eq(receive_over(&script, &error), times_up[i].status, "%s: %s", times_up[i].what,
                     error.text);
        cr_expect_eq(script.request_count, times_up[i].requests, "%s", times_up[i].what);
        cr_expect_leq(script.now_ms, 61000, "%s", times_up[i].what);
    }
}

Test(client_retry, transport_that_exceeds_the_time_out_is_stopped_a_second_later)
{
    struct script script = { .replies = { { .deaf = true } } };
    struct c2d_error error;

    cr_assert_eq(receive_over(&script, &error), C2D_TIMEOUT);
    cr_assert_eq(script.now_ms, 61000);
    cr_assert_eq(script.cancelled, 1);
    cr_assert(error.earlier_try_unanswered, "the request may have been written");
}

Test(client_retry, each_attempt_gets_the_remaining_time)
{
    struct script script = { .replies = { { .status = 503, .delay_ms = 20000 },
                                          { .status = 204 } } };
    struct c2d_error error;

    receive_over(&script, &error);
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

    receive_over(&script, &error);
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

/* ---- Tokens ---- */

Test(client_retry, refused_token_is_renewed_once_and_at_once)
{
    struct script script = { .replies = { { .status = 401, .delay_ms = 5000 },
                                          { .status = 204 } } };
    struct c2d_error error;

    cr_assert_eq(receive_over(&script, &error), C2D_NO_MESSAGE);
    cr_assert_eq(script.requests[1].at_ms, 5000);
    cr_assert_str_neq(script.requests[0].authorization, script.requests[1].authorization);
    cr_assert_eq(expiry_of(&script.requests[1]), SCRIPT_START_S + 5 + 3600);
}

Test(client_retry, second_refusal_is_final)
{
    struct script script = {
        .replies = { { .status = 401 }, { .status = 401 }, { .status = 204 } },
    };
    struct c2d_error error;

    cr_assert_eq(receive_over(&script, &error), C2D_AUTH);
    cr_assert_eq(script.request_count, 2);
}

Test(client_retry, ready_token_that_is_refused_is_not_retried)
{
    struct script script = { .replies = { { .status = 401 }, { .status = 204 } } };
    struct c2d_client *client =
        client_for_test(&script, "HostName=h;DeviceId=d;SharedAccessSignature="
                                 "SharedAccessSignature sr=h&sig=s&se=4102444800");
    struct c2d_message *message = NULL;

    cr_assert_eq(c2d_receive(client, &message, NULL), C2D_AUTH);
    cr_assert_eq(script.request_count, 1);
    cr_assert_str_eq(script.requests[0].authorization,
                     "SharedAccessSignature sr=h&sig=s&se=4102444800");
    c2d_client_free(client);
}

/* A receive with a ready token that ends so long after now (before, if negative). */
static enum c2d_status receive_with_token(struct script *script, int left_s,
                                          struct c2d_error *error)
{
    char string[160];
    struct c2d_client *client;
    struct c2d_message *message = NULL;
    enum c2d_status status;

    snprintf(
        string, sizeof string,
        "HostName=h;DeviceId=d;SharedAccessSignature=SharedAccessSignature sr=h&sig=Zm9v&se=%d",
        SCRIPT_START_S + left_s);
    client = client_for_test(script, string);
    status = c2d_receive(client, &message, error);
    c2d_client_free(client);
    return status;
}

Test(client_retry, ready_token_that_expired_is_not_sent_and_its_expiry_is_named)
{
    struct script script = { .replies = { { .status = 204 } } };
    struct c2d_error error;

    cr_assert_eq(receive_with_token(&script, -300, &error), C2D_AUTH);
    cr_assert_eq(script.request_count, 0);
    cr_assert_not_null(strstr(error.text, "expired at 2025-12-31T23:55:00Z"), "%s", error.text);
    cr_assert_not_null(strstr(error.text, "it is 2026-01-01T00:00:00Z"), "%s", error.text);
    cr_assert_not_null(strstr(error.hint, "clock"), "%s", error.hint);
}

Test(client_retry, ready_token_that_expired_within_5_minutes_is_sent_as_a_hub_may_take_it)
{
    struct script taken = { .replies = { { .status = 204 } } };
    struct script refused = { .replies = { { .status = 401 } } };
    struct c2d_error error;

    cr_assert_eq(receive_with_token(&taken, -299, &error), C2D_NO_MESSAGE);
    cr_assert_eq(taken.request_count, 1);
    cr_assert_eq(receive_with_token(&refused, -1, &error), C2D_AUTH);
    cr_assert_eq(error.http_status, 401);
    cr_assert_not_null(strstr(error.text, "expired at 2025-12-31T23:59:59Z"), "%s", error.text);
}

Test(client_retry, refused_token_that_is_still_valid_is_not_reported_as_expired)
{
    struct script script = { .replies = { { .status = 401 } } };
    struct c2d_error error;

    cr_assert_eq(receive_with_token(&script, 60, &error), C2D_AUTH);
    cr_assert_null(strstr(error.text, "expired"), "%s", error.text);
    cr_assert_not_null(strstr(error.text, "SharedAccessSignature"), "%s", error.text);
}

Test(client_retry, token_is_kept_for_48_minutes_and_follows_a_clock_that_jumps)
{
    static const struct {
        int64_t shift_s, expires_s;
    } rows[] = { { 0, 3600 }, { 2879, 3600 }, { 2880, 6480 }, { 10080, 13680 }, { 100, 3700 } };
    struct script script = {
        .replies = { { .status = 204 },
                     { .status = 204 },
                     { .status = 204 },
                     { .status = 204 },
                     { .status = 204 } },
    };
    struct c2d_client *client = client_for_test(&script, DEVICE_STRING);
    struct c2d_message *message = NULL;

    for (size_t i = 0; i < COUNT(rows); i++) {
        script.wall_shift_s = rows[i].shift_s;
        cr_assert_eq(c2d_receive(client, &message, NULL), C2D_NO_MESSAGE);
        cr_expect_eq(expiry_of(&script.requests[i]), SCRIPT_START_S + rows[i].expires_s, "row %zu",
                     i);
    }
    c2d_client_free(client);
}

/* ---- A wrong clock ---- */

static void count_warnings(void *context, const struct c2d_event *event)
{
    char *text = context;

    if (event->kind == C2D_EVENT_WARNING)
        strncat(text, event->text, 400 - strlen(text));
}

Test(client_retry, wrong_clock_causes_a_warning_and_the_hubs_time_is_signed)
{
    char warning[512] = "";
    struct c2d_options options = c2d_options_default();
    struct script script = {
        .replies = { { .status = 401, .headers = { DATE_2_H_BACK } },
                     { .status = 204 },
                     { .status = 204 } },
        .options = &options,
    };
    struct c2d_client *client;
    struct c2d_message *message = NULL;

    options.observer = count_warnings;
    options.observer_context = warning;
    client = client_for_test(&script, DEVICE_STRING);
    cr_assert_eq(c2d_receive(client, &message, NULL), C2D_NO_MESSAGE);
    cr_assert_eq(expiry_of(&script.requests[1]), SCRIPT_START_S - 7200 + 3600);
    cr_assert_not_null(strstr(warning, "120 min ahead"), "%s", warning);
    cr_assert_eq(c2d_receive(client, &message, NULL), C2D_NO_MESSAGE);
    cr_assert_eq(expiry_of(&script.requests[2]), SCRIPT_START_S - 7200 + 3600, "it is kept");
    c2d_client_free(client);
}

Test(client_retry, time_of_the_hub_that_did_not_help_is_named_in_the_error)
{
    struct script script = {
        .replies = { { .status = 401, .headers = { DATE_2_H_BACK } },
                     { .status = 401, .headers = { DATE_2_H_BACK } } },
    };
    struct c2d_error error;

    cr_assert_eq(receive_over(&script, &error), C2D_AUTH);
    cr_assert_eq(script.request_count, 2);
    cr_assert_not_null(strstr(error.text, "120 min ahead"), "%s", error.text);
}

Test(client_retry, date_of_a_cache_or_of_another_status_has_no_effect)
{
    static const struct script_reply replies[] = {
        { .status = 401, .headers = { DATE_2_H_BACK, "Age: 7200" } },
        { .status = 401, .headers = { "Date: Fri, 01 Jan 2100 00:00:00 GMT" } },
        { .status = 401, .headers = { "Date: once upon a time" } },
        { .status = 401, .headers = { "Date: Thu, 01 Jan 2026 00:04:59 GMT" } },
        { .status = 503, .headers = { DATE_2_H_BACK } },
    };

    for (size_t i = 0; i < COUNT(replies); i++) {
        struct script script = { .replies = { replies[i], { .status = 204 } } };
        struct c2d_error error;

        cr_expect_eq(receive_over(&script, &error), C2D_NO_MESSAGE, "row %zu", i);
        cr_expect_eq(expiry_of(&script.requests[1]), SCRIPT_START_S + 3600, "row %zu", i);
    }
}

Test(client_retry, clock_that_is_set_right_later_is_trusted_again)
{
    struct script script = {
        .replies = { { .status = 401, .headers = { DATE_2_H_BACK } },
                     { .status = 204 },
                     { .status = 401, .headers = { DATE_2_H_BACK } },
                     { .status = 204 } },
    };
    struct c2d_client *client = client_for_test(&script, DEVICE_STRING);
    struct c2d_message *message = NULL;

    cr_assert_eq(c2d_receive(client, &message, NULL), C2D_NO_MESSAGE);
    script.wall_shift_s = -7200; /* as the Date of the hub */
    cr_assert_eq(c2d_receive(client, &message, NULL), C2D_NO_MESSAGE);
    cr_expect_eq(expiry_of(&script.requests[3]), SCRIPT_START_S - 7200 + 3600);
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
