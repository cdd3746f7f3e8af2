/* The time to live of a message, by the clock of a scripted hub. */
#include "../support/once.h"
#include "base/timestamp.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct c2d_message brief = { .message_id = "m1", .ttl_s = 60 };

/* The expiry of the message of a request, in ms since the start of the script. */
static int64_t ttl_in_ms(const struct script_request *request)
{
    const char *at = strstr(request->headers, "iothub-expiry: ");
    char text[40] = "";
    int64_t ms = 0;

    cr_assert_not_null(at, "%s", request->headers);
    at += strlen("iothub-expiry: ");
    memcpy(text, at, strcspn(at, "\n"));
    cr_assert(timestamp_parse(text, &ms), "%s", text);
    return ms - (int64_t)SCRIPT_START_S * 1000;
}

static int64_t ttl_in(const struct script_request *request)
{
    return ttl_in_ms(request) / 1000;
}

/* As a batch sends it, or as a single one. */
static enum c2d_status send_over(struct script *script, const struct c2d_message *message,
                                 bool in_batch, struct c2d_error *error)
{
    struct c2d_client *client = client_for_test(script, SERVICE_STRING);
    struct c2d_request request = { .action = C2D_ACTION_SEND,
                                   .device_id = "dev1",
                                   .message = message };
    struct c2d_result result;

    if (in_batch) {
        cr_assert_eq(c2d_submit(client, &request, error), C2D_OK);
        cr_assert(c2d_wait(client, -1, &result));
        *error = result.error;
    } else {
        c2d_send(client, "dev1", message, error);
    }
    c2d_client_free(client);
    return error->status;
}

static const struct {
    const char *what;
    bool in_batch;
    struct script_reply replies[4];
    int64_t ttls[3];
} counts[] = {
    { "one attempt", false, { { .status = 204 } }, { 60 } },
    { "a single send counts from its start",
      false,
      { { .status = 503, .headers = { "Retry-After: 20" } }, { .status = 204 } },
      { 60, 60 } },
    { "a batch counts from each attempt",
      true,
      { { .status = 503, .headers = { "Retry-After: 20" } }, { .status = 204 } },
      { 60, 80 } },
    { "a batch counts on from an attempt in doubt",
      true,
      { { .status = 503, .headers = { "Retry-After: 20" } },
        { .failure = C2D_NETWORK, .written = true },
        { .status = 204 } },
      { 60, 80, 80 } },
    { "the hub's clock is followed",
      false,
      { { .status = 401, .headers = { DATE_2_H_BACK } }, { .status = 204 } },
      { 60, 60 - 7200 } },
    { "a date that is too far ahead is not",
      false,
      { { .status = 401, .headers = { DATE_2070 } }, { .status = 204 } },
      { 60, 60 } },
};

Test(client_ttl, the_expiry_of_each_attempt_goes_by_the_hubs_clock)
{
    for (size_t i = 0; i < COUNT(counts); i++) {
        struct script script = { 0 };
        struct c2d_error error;

        memcpy(script.replies, counts[i].replies, sizeof counts[i].replies);
        cr_expect_eq(send_over(&script, &brief, counts[i].in_batch, &error), C2D_OK, "%s: %s",
                     counts[i].what, error.text);
        for (size_t k = 0; k < script.request_count; k++)
            cr_expect_eq(ttl_in(&script.requests[k]), counts[i].ttls[k], "%s, request %zu: %lld",
                         counts[i].what, k, (long long)ttl_in(&script.requests[k]));
    }
}

Test(client_ttl, a_ttl_that_is_over_ends_the_attempts_and_the_error_says_what_is_known)
{
    static const struct {
        bool in_batch;
        struct script_reply first;
        enum c2d_status status;
    } rows[] = {
        { false, { .status = 503, .headers = { "Retry-After: 20" } }, C2D_DATA },
        { false, { .status = 503, .delay_ms = 30000, .headers = { "Retry-After: 20" } }, C2D_DATA },
        { false,
          { .failure = C2D_NETWORK, .written = true, .delay_ms = 10000 },
          C2D_UNKNOWN_OUTCOME },
        { true,
          { .failure = C2D_NETWORK, .written = true, .delay_ms = 10000 },
          C2D_UNKNOWN_OUTCOME },
        { true, { .status = 503, .headers = { "Retry-After: 20" } }, C2D_OK },
    };
    const struct c2d_message message = { .message_id = "m1", .ttl_s = 10 };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct script script = { .replies = { rows[i].first, { .status = 204 } } };
        struct c2d_error error;

        cr_expect_eq(send_over(&script, &message, rows[i].in_batch, &error), rows[i].status,
                     "row %zu: %s", i, error.text);
        cr_expect_eq(script.request_count, rows[i].status == C2D_OK ? 2 : 1, "row %zu", i);
        if (rows[i].status != C2D_OK)
            cr_expect_not_null(strstr(error.text, "ttl of 10 s had passed"), "%s", error.text);
    }
}

Test(client_ttl, a_ttl_that_ends_before_the_next_attempt_ends_the_send_at_once)
{
    struct script script = {
        .replies = { { .status = 503, .headers = { "Retry-After: 20" } }, { .status = 204 } },
    };
    const struct c2d_message message = { .message_id = "m1", .ttl_s = 10 };
    struct c2d_error error;

    cr_expect_eq(send_over(&script, &message, false, &error), C2D_DATA);
    cr_expect_eq(error.attempts, 1);
    cr_expect_eq(script.request_count, 1);
    cr_expect_lt(script.now_ms, 10000, "it took %lld ms", (long long)script.now_ms);
}

Test(client_ttl, a_ttl_begins_within_a_second_and_is_no_shorter)
{
    struct script script = { .replies = { { .status = 204 } }, .now_ms = 900 };
    const struct c2d_message message = { .message_id = "m1", .ttl_s = 1 };
    struct script longest = { .replies = { { .status = 204 } }, .now_ms = 900 };
    const struct c2d_message two_days = { .message_id = "m1", .ttl_s = 172800 };

    cr_expect_eq(send_over(&script, &message, false, &(struct c2d_error) { 0 }), C2D_OK);
    cr_expect_eq(ttl_in_ms(&script.requests[0]), 1900);
    /* Not more than a hub takes whose clock is slow by less than a second. */
    cr_expect_eq(send_over(&longest, &two_days, false, &(struct c2d_error) { 0 }), C2D_OK);
    cr_expect_eq(ttl_in_ms(&longest.requests[0]), 172800000);
}

Test(client_ttl, a_pause_of_a_batch_does_not_shorten_a_ttl)
{
    struct c2d_options options = c2d_options_default();
    struct script script = { .replies = { { .status = 429, .headers = { "Retry-After: 25" } },
                                          { .status = 429, .headers = { "Retry-After: 25" } },
                                          { .status = 429, .headers = { "Retry-After: 25" } },
                                          { .status = 204 } },
                             .options = &options };
    struct c2d_error error;

    options.patience_ms = 300000;
    cr_expect_eq(send_over(&script, &brief, true, &error), C2D_OK, "%s", error.text);
    cr_assert_eq(script.request_count, 4);
    cr_expect_eq(ttl_in_ms(&script.requests[3]) - script.requests[3].at_ms, 60000);
}

#define EXPIRY_REFUSED "{\"Message\":\"{\\\"errorCode\\\":403009,\\\"message\\\":\\\"no\\\"}\"}"

Test(client_ttl, an_expiry_that_the_hub_refuses_after_the_ttl_is_reported_as_the_ttl)
{
    static const struct {
        struct script_reply replies[2];
        enum c2d_status status;
        const char *says;
    } rows[] = {
        { { { .status = 403, .body = EXPIRY_REFUSED, .delay_ms = 10000 } },
          C2D_DATA,
          "ttl of 10 s had passed when the hub received it" },
        { { { .failure = C2D_NETWORK, .written = true, .delay_ms = 2000 },
            { .status = 403, .body = EXPIRY_REFUSED, .delay_ms = 10000 } },
          C2D_UNKNOWN_OUTCOME,
          "message 'm1' may be queued: the message's ttl of 10 s had passed" },
        { { { .status = 403, .body = EXPIRY_REFUSED, .delay_ms = 1000 } }, C2D_PROTOCOL, "expiry" },
    };
    const struct c2d_message message = { .message_id = "m1", .ttl_s = 10 };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct script script = { .replies = { rows[i].replies[0], rows[i].replies[1] } };
        struct c2d_error error;

        cr_expect_eq(send_over(&script, &message, i == 1, &error), rows[i].status, "row %zu: %s", i,
                     error.text);
        cr_expect_not_null(strstr(error.text, rows[i].says), "row %zu: %s", i, error.text);
        cr_expect_eq(strstr(error.hint, "clock") != NULL, i == 2, "row %zu: %s", i, error.hint);
    }
}

Test(client_ttl, an_expiry_that_has_passed_by_the_hubs_clock_makes_no_attempt)
{
    static const struct {
        struct script_reply first;
        int64_t expires_in_s;
        enum c2d_status status;
        size_t requests;
        const char *says;
    } rows[] = {
        { { .status = 204 }, 60, C2D_OK, 1, "" },
        { { .status = 204 }, 0, C2D_DATA, 0, "expiry had passed before the attempt" },
        /* The local clock is two hours ahead. */
        { { .status = 401, .headers = { DATE_2_H_BACK } }, 60, C2D_OK, 2, "" },
        { { .status = 401, .headers = { DATE_2_H_AHEAD } }, 60, C2D_DATA, 1, "expiry had passed" },
        { { .failure = C2D_NETWORK, .written = true, .delay_ms = 29700 },
          30,
          C2D_UNKNOWN_OUTCOME,
          1,
          "message 'm1' may be queued: the message's expiry had passed" },
    };

    for (size_t i = 0; i < COUNT(rows) * 2; i++) {
        size_t row = i / 2;
        const struct c2d_message message = { .message_id = "m1",
                                             .expires_at_s =
                                                 SCRIPT_START_S + rows[row].expires_in_s };
        struct script script = { .replies = { rows[row].first, { .status = 204 } } };
        struct c2d_error error;

        cr_expect_eq(send_over(&script, &message, i % 2 == 0, &error), rows[row].status,
                     "row %zu: %s", row, error.text);
        cr_expect_eq(script.request_count, rows[row].requests, "row %zu", row);
        cr_expect_not_null(strstr(error.text, rows[row].says), "row %zu: %s", row, error.text);
    }
}

Test(client_ttl, a_ttl_out_of_range_or_beside_an_expiry_is_refused)
{
    static const struct c2d_message rows[] = {
        { .ttl_s = -1 },
        { .ttl_s = 172801 },
        { .ttl_s = 60, .expires_at_s = SCRIPT_START_S + 60 },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct script script = { 0 };
        struct c2d_error error;

        cr_expect_eq(send_over(&script, &rows[i], false, &error), C2D_DATA, "row %zu", i);
        cr_expect_eq(script.request_count, 0, "row %zu", i);
    }
}
