/* Times by the clock of a scripted hub: time to live, and tokens of clients that share. */
#include "../support/script.h"
#include "base/timestamp.h"
#include "hub/sas.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define DATE_2_H_BACK "Date: Wed, 31 Dec 2025 22:00:00 GMT" /* SCRIPT_START_S is the new year */
#define DATE_2_H_AHEAD "Date: Thu, 01 Jan 2026 02:00:00 GMT"
#define DATE_8_S_AHEAD "Date: Thu, 01 Jan 2026 00:00:08 GMT"
#define DATE_8_S_BACK "Date: Wed, 31 Dec 2025 23:59:52 GMT"
#define DATE_2070 "Date: Wed, 01 Jan 2070 00:00:00 GMT"

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

static int64_t expiry_of(const struct script_request *request)
{
    struct c2d_sas sas;

    cr_assert_eq(sas_parse(request->authorization, &sas, NULL), C2D_OK);
    return sas.expires_at_s;
}

static void collect_warnings(void *context, const struct c2d_event *event)
{
    char *text = context;

    if (event->kind == C2D_EVENT_WARNING) {
        strncat(text, event->text, 1000 - strlen(text));
        strncat(text, "\n", 1000 - strlen(text));
    }
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

static const struct {
    const char *what;
    int64_t ttl_s;
    struct script_reply reply;
    const char *warning; /* NULL: none */
} skews[] = {
    { "8 of 60 s", 60, { .status = 204, .headers = { DATE_8_S_AHEAD } }, "8 s too early" },
    { "-8 of 60 s", 60, { .status = 204, .headers = { DATE_8_S_BACK } }, "8 s too late" },
    { "8 of 80 s", 80, { .status = 204, .headers = { DATE_8_S_AHEAD } }, NULL },
    { "8 of 79 s", 79, { .status = 204, .headers = { DATE_8_S_AHEAD } }, "8 s behind" },
    { "2 s are nothing",
      5,
      { .status = 204, .headers = { "Date: Thu, 01 Jan 2026 00:00:02 GMT" } },
      NULL },
    { "3 of 5 s",
      5,
      { .status = 204, .headers = { "Date: Thu, 01 Jan 2026 00:00:03 GMT" } },
      "3 s" },
    { "as long as it took",
      60,
      { .status = 204, .delay_ms = 7000, .headers = { DATE_8_S_AHEAD } },
      NULL },
    { "a cached answer", 60, { .status = 204, .headers = { DATE_8_S_AHEAD, "Age: 1" } }, NULL },
    { "no Date", 60, { .status = 204 }, NULL },
    { "no ttl", 0, { .status = 204, .headers = { DATE_2_H_BACK } }, NULL },
};

Test(client_ttl, a_date_that_shows_a_wrong_ttl_causes_a_warning)
{
    for (size_t i = 0; i < COUNT(skews); i++) {
        char warnings[1024] = "";
        struct c2d_options options = c2d_options_default();
        struct script script = { .replies = { skews[i].reply }, .options = &options };
        const struct c2d_message message = { .ttl_s = skews[i].ttl_s };
        struct c2d_error error;

        options.observer = collect_warnings;
        options.observer_context = warnings;
        cr_expect_eq(send_over(&script, &message, false, &error), C2D_OK, "%s", skews[i].what);
        if (skews[i].warning == NULL)
            cr_expect_str_eq(warnings, "", "%s: %s", skews[i].what, warnings);
        else
            cr_expect_not_null(strstr(warnings, skews[i].warning), "%s: %s", skews[i].what,
                               warnings);
    }
}

Test(client_ttl, the_hubs_time_is_taken_from_a_successful_send)
{
    static const struct {
        struct script_reply replies[2];
        int64_t hub_time_s;
    } rows[] = {
        { { { .status = 204, .headers = { DATE_8_S_AHEAD } } }, SCRIPT_START_S + 8 },
        { { { .status = 204 } }, 0 },
        { { { .status = 204, .headers = { DATE_8_S_AHEAD, "Age: 1" } } }, 0 },
        { { { .status = 503, .headers = { DATE_8_S_BACK } },
            { .status = 204, .headers = { DATE_2_H_AHEAD } } },
          SCRIPT_START_S + 7200 },
        { { { .status = 400, .headers = { DATE_8_S_BACK } } }, 0 },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct script script = { .replies = { rows[i].replies[0], rows[i].replies[1] } };
        struct c2d_error error;

        send_over(&script, &(struct c2d_message) { .message_id = "m1" }, false, &error);
        cr_expect_eq(error.hub_time_s, rows[i].hub_time_s, "row %zu: %lld", i,
                     (long long)error.hub_time_s);
    }
}

Test(client_ttl, a_wrong_ttl_causes_one_warning)
{
    char warnings[1024] = "";
    struct c2d_options options = c2d_options_default();
    struct script script = { .replies = { { .status = 204, .headers = { DATE_8_S_AHEAD } },
                                          { .status = 204, .headers = { DATE_8_S_AHEAD } } },
                             .options = &options };
    struct c2d_client *client;

    options.observer = collect_warnings;
    options.observer_context = warnings;
    client = client_for_test(&script, SERVICE_STRING);
    cr_assert_eq(c2d_send(client, "dev1", &brief, NULL), C2D_OK);
    cr_assert_eq(c2d_send(client, "dev1", &brief, NULL), C2D_OK);
    cr_expect_eq(strchr(warnings, '\n'), strrchr(warnings, '\n'), "%s", warnings);
    c2d_client_free(client);
}

Test(client_ttl, a_wrong_clock_causes_one_warning_whatever_shows_it)
{
    static const struct script_reply rows[][6] = {
        { { .status = 204, .headers = { DATE_2_H_BACK } },
          { .status = 401, .headers = { DATE_2_H_BACK } },
          { .status = 204 } },
        /* The hub's time does not help, is forgotten, and is followed again by the next request. */
        { { .status = 401, .headers = { DATE_2_H_BACK } },
          { .status = 401, .headers = { DATE_2_H_BACK } },
          { .status = 401, .headers = { DATE_2_H_BACK } },
          { .status = 401, .headers = { DATE_2_H_BACK } } },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        char warnings[1024] = "";
        struct c2d_options options = c2d_options_default();
        struct script script = { .options = &options };
        struct c2d_client *client;

        memcpy(script.replies, rows[i], sizeof rows[i]);
        options.observer = collect_warnings;
        options.observer_context = warnings;
        client = client_for_test(&script, SERVICE_STRING);
        c2d_send(client, "dev1", &brief, NULL);
        c2d_send(client, "dev1", &brief, NULL);
        cr_expect_not_null(strstr(warnings, "clock is 120 min"), "row %zu: %s", i, warnings);
        cr_expect_eq(strchr(warnings, '\n'), strrchr(warnings, '\n'), "row %zu: %s", i, warnings);
        c2d_client_free(client);
    }
}

Test(client_ttl, clients_that_share_follow_the_hubs_clock_together_with_one_warning)
{
    char warnings[1024] = "";
    struct c2d_options options = c2d_options_default(), sharing = c2d_options_default();
    struct script script = { .replies = { { .status = 401, .headers = { DATE_2_H_BACK } },
                                          { .status = 204 },
                                          { .status = 204 } },
                             .options = &options };
    struct c2d_client *first, *second;
    struct c2d_message *message = NULL;

    options.observer = collect_warnings;
    options.observer_context = warnings;
    first = client_for_test(&script, DEVICE_STRING);
    sharing.share = first;
    cr_assert_eq(c2d_client_new(&second, "HostName=" HUB ";DeviceId=dev2;SharedAccessKey=a2V5",
                                &sharing, NULL),
                 C2D_OK);
    cr_expect_eq(c2d_receive(first, &message, NULL), C2D_NO_MESSAGE);
    cr_expect_eq(c2d_receive(second, &message, NULL), C2D_NO_MESSAGE);
    cr_assert_eq(script.request_count, 3);
    cr_expect_eq(expiry_of(&script.requests[2]), SCRIPT_START_S - 7200 + 3600);
    cr_expect_eq(strchr(warnings, '\n'), strrchr(warnings, '\n'), "%s", warnings);
    c2d_client_free(second);
    c2d_client_free(first);
}

Test(client_ttl, no_date_leads_to_a_token_that_is_valid_for_years)
{
    static const char *const strings[] = { DEVICE_STRING, SERVICE_STRING };

    for (size_t i = 0; i < COUNT(strings); i++) {
        struct script script = { .start_s = C2D_RELEASE_S,
                                 .replies = { { .status = 401, .headers = { DATE_2070 } },
                                              { .status = 401, .headers = { DATE_2070 } } } };
        struct c2d_client *client = client_for_test(&script, strings[i]);
        enum c2d_outcome outcome = C2D_COMPLETE;
        struct c2d_error error;

        if (i == 0)
            c2d_settle(client, "t", outcome, &error);
        else
            c2d_feedback_settle(client, "t", outcome, &error);
        cr_expect_eq(error.status, C2D_AUTH);
        cr_assert_eq(script.request_count, 2);
        cr_expect_eq(expiry_of(&script.requests[1]), C2D_RELEASE_S + 3600, "row %zu", i);
        cr_expect_not_null(strstr(error.text, " d behind the hub's, too far"), "%s", error.text);
        c2d_client_free(client);
    }
}

Test(client_ttl, a_requested_token_is_signed_by_the_hubs_clock_too)
{
    struct script script = {
        .replies = { { .status = 401, .headers = { DATE_2_H_BACK } }, { .status = 204 } },
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
    char *token = NULL;
    struct c2d_sas sas;

    cr_assert_eq(c2d_send(client, "dev1", &brief, NULL), C2D_OK);
    cr_assert_eq(c2d_sas_token(client, NULL, 600, &token, NULL), C2D_OK);
    cr_assert_eq(sas_parse(token, &sas, NULL), C2D_OK);
    cr_expect_eq(sas.expires_at_s, SCRIPT_START_S - 7200 + 600);
    free(token);
    c2d_client_free(client);
}
