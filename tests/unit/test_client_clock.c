/* The clock of a scripted hub differs from the local one: which time is signed, and what is
 * warned of. */
#include "../support/once.h"
#include "../support/submitting.h"
#include "hub/sas.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct c2d_message brief = { .message_id = "m1", .ttl_s = 60 };

/* Appends each warning to the text of at least 1024 bytes that context is, one a line. */
static void collect_warnings(void *context, const struct c2d_event *event)
{
    char *text = context;

    if (event->kind == C2D_EVENT_WARNING) {
        strncat(text, event->text, 1000 - strlen(text));
        strncat(text, "\n", 1000 - strlen(text));
    }
}

/* Default options whose warnings go to text. */
static struct c2d_options warning_to(char text[1024])
{
    struct c2d_options options = c2d_options_default();

    options.observer = collect_warnings;
    options.observer_context = text;
    return options;
}

/* ---- Tokens ---- */

Test(client_clock, wrong_clock_causes_a_warning_and_the_hubs_time_is_signed)
{
    char warning[1024] = "";
    struct c2d_options options = warning_to(warning);
    struct script script = {
        .replies = { { .status = 401, .headers = { DATE_2_H_BACK } },
                     { .status = 204 },
                     { .status = 204 } },
        .options = &options,
    };
    struct c2d_client *client;
    struct c2d_message *message = NULL;

    client = client_for_test(&script, DEVICE_STRING);
    cr_assert_eq(c2d_receive(client, &message, NULL), C2D_NO_MESSAGE);
    cr_assert_eq(token_expiry(&script.requests[1]), SCRIPT_START_S - 7200 + 3600);
    cr_assert_not_null(strstr(warning, "120 min ahead"), "%s", warning);
    cr_assert_eq(c2d_receive(client, &message, NULL), C2D_NO_MESSAGE);
    cr_assert_eq(token_expiry(&script.requests[2]), SCRIPT_START_S - 7200 + 3600, "it is kept");
    c2d_client_free(client);
}

Test(client_clock, time_of_the_hub_that_did_not_help_is_named_in_the_error)
{
    struct script script = {
        .replies = { { .status = 401, .headers = { DATE_2_H_BACK } },
                     { .status = 401, .headers = { DATE_2_H_BACK } } },
    };
    struct c2d_error error;

    cr_assert_eq(receive_once(&script, NULL, &error), C2D_AUTH);
    cr_assert_eq(script.request_count, 2);
    cr_assert_not_null(strstr(error.text, "120 min ahead"), "%s", error.text);
}

Test(client_clock, date_of_a_cache_or_of_another_status_has_no_effect)
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

        cr_expect_eq(receive_once(&script, NULL, &error), C2D_NO_MESSAGE, "row %zu", i);
        cr_expect_eq(token_expiry(&script.requests[1]), SCRIPT_START_S + 3600, "row %zu", i);
    }
}

Test(client_clock, clock_that_is_set_right_later_is_trusted_again)
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
    cr_expect_eq(token_expiry(&script.requests[3]), SCRIPT_START_S - 7200 + 3600);
    c2d_client_free(client);
}

Test(client_clock, clients_that_share_follow_the_hubs_clock_together_with_one_warning)
{
    char warnings[1024] = "";
    struct c2d_options options = warning_to(warnings);
    struct script script = { .replies = { { .status = 401, .headers = { DATE_2_H_BACK } },
                                          { .status = 204 },
                                          { .status = 204 } },
                             .options = &options };
    struct c2d_client *first, *second;
    struct c2d_message *message = NULL;

    first = client_for_test(&script, DEVICE_STRING);
    second = sharing_client(first, "HostName=" HUB ";DeviceId=dev2;SharedAccessKey=a2V5");
    cr_expect_eq(c2d_receive(first, &message, NULL), C2D_NO_MESSAGE);
    cr_expect_eq(c2d_receive(second, &message, NULL), C2D_NO_MESSAGE);
    cr_assert_eq(script.request_count, 3);
    cr_expect_eq(token_expiry(&script.requests[2]), SCRIPT_START_S - 7200 + 3600);
    cr_expect_eq(strchr(warnings, '\n'), strrchr(warnings, '\n'), "%s", warnings);
    c2d_client_free(second);
    c2d_client_free(first);
}

Test(client_clock, no_date_leads_to_a_token_that_is_valid_for_years)
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
        cr_expect_eq(token_expiry(&script.requests[1]), C2D_RELEASE_S + 3600, "row %zu", i);
        cr_expect_not_null(strstr(error.text, " d behind the hub's, too far"), "%s", error.text);
        c2d_client_free(client);
    }
}

Test(client_clock, a_requested_token_is_signed_by_the_hubs_clock_too)
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

/* ---- The time to live ---- */

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

Test(client_clock, a_date_that_shows_a_wrong_ttl_causes_a_warning)
{
    for (size_t i = 0; i < COUNT(skews); i++) {
        char warnings[1024] = "";
        struct c2d_options options = warning_to(warnings);
        struct script script = { .replies = { skews[i].reply }, .options = &options };
        const struct c2d_message message = { .ttl_s = skews[i].ttl_s };
        struct c2d_error error;

        cr_expect_eq(send_once(&script, &message, &error), C2D_OK, "%s", skews[i].what);
        if (skews[i].warning == NULL)
            cr_expect_str_eq(warnings, "", "%s: %s", skews[i].what, warnings);
        else
            cr_expect_not_null(strstr(warnings, skews[i].warning), "%s: %s", skews[i].what,
                               warnings);
    }
}

Test(client_clock, the_hubs_time_is_taken_from_a_successful_send)
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

        send_once(&script, &(struct c2d_message) { .message_id = "m1" }, &error);
        cr_expect_eq(error.hub_time_s, rows[i].hub_time_s, "row %zu: %lld", i,
                     (long long)error.hub_time_s);
    }
}

Test(client_clock, a_wrong_ttl_causes_one_warning)
{
    char warnings[1024] = "";
    struct c2d_options options = warning_to(warnings);
    struct script script = { .replies = { { .status = 204, .headers = { DATE_8_S_AHEAD } },
                                          { .status = 204, .headers = { DATE_8_S_AHEAD } } },
                             .options = &options };
    struct c2d_client *client;

    client = client_for_test(&script, SERVICE_STRING);
    cr_assert_eq(c2d_send(client, "dev1", &brief, NULL), C2D_OK);
    cr_assert_eq(c2d_send(client, "dev1", &brief, NULL), C2D_OK);
    cr_expect_eq(strchr(warnings, '\n'), strrchr(warnings, '\n'), "%s", warnings);
    c2d_client_free(client);
}

Test(client_clock, a_wrong_clock_causes_one_warning_whatever_shows_it)
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
        struct c2d_options options = warning_to(warnings);
        struct script script = { .options = &options };
        struct c2d_client *client;

        memcpy(script.replies, rows[i], sizeof rows[i]);
        client = client_for_test(&script, SERVICE_STRING);
        c2d_send(client, "dev1", &brief, NULL);
        c2d_send(client, "dev1", &brief, NULL);
        cr_expect_not_null(strstr(warnings, "clock is 120 min"), "row %zu: %s", i, warnings);
        cr_expect_eq(strchr(warnings, '\n'), strrchr(warnings, '\n'), "row %zu: %s", i, warnings);
        c2d_client_free(client);
    }
}
