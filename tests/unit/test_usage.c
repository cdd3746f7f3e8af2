/* What no caller can mean is C2D_USAGE, before anything is sent. */
#include "../support/script.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static enum c2d_status client_with(const struct c2d_options *options, struct c2d_error *error)
{
    struct c2d_client *client = NULL;
    enum c2d_status status = c2d_client_new(&client, DEVICE_STRING, options, error);

    c2d_client_free(client);
    return status;
}

/* ---- Options ---- */

Test(usage, options_that_were_not_started_from_the_default_are_refused)
{
    struct c2d_options options = { .connect_timeout_ms = 1000, .timeout_ms = 1000 };
    struct c2d_error error;

    cr_expect_eq(client_with(&options, &error), C2D_USAGE, "their cancel_fd is 0, which is stdin");
    cr_expect_not_null(strstr(error.text, "c2d_options_default()"), "%s", error.text);
}

Test(usage, options_of_a_later_version_are_taken_if_what_is_new_is_not_used)
{
    struct {
        struct c2d_options options;
        uint64_t later;
    } larger = { c2d_options_default(), 0 };
    struct c2d_error error;

    larger.options.size = sizeof larger;
    cr_expect_eq(client_with(&larger.options, &error), C2D_OK, "%s", error.text);
    larger.later = 1;
    cr_expect_eq(client_with(&larger.options, &error), C2D_USAGE);
}

Test(usage, options_of_the_first_version_are_taken_as_they_are)
{
    struct c2d_options options = c2d_options_default();
    struct c2d_error error;

    options.size = offsetof(struct c2d_options, observer_context) + sizeof(void *);
    cr_expect_eq(client_with(&options, &error), C2D_OK, "%s", error.text);
    options.size--;
    cr_expect_eq(client_with(&options, &error), C2D_USAGE);
}

Test(usage, a_cancel_fd_or_role_that_is_none_is_refused)
{
    struct c2d_options options = c2d_options_default();

    options.cancel_fd = 9999;
    cr_expect_eq(client_with(&options, NULL), C2D_USAGE, "not open");
    options.cancel_fd = -2;
    cr_expect_eq(client_with(&options, NULL), C2D_USAGE);
    options = c2d_options_default();
    options.role = (enum c2d_role)99;
    cr_expect_eq(client_with(&options, NULL), C2D_USAGE);
}

/* ---- Options beside share ---- */

static void no_observer(void *context, const struct c2d_event *event)
{
    (void)context, (void)event;
}

static struct c2d_options options_of_first(void)
{
    struct c2d_options options = c2d_options_default();

    options.timeout_ms = 5000;
    options.proxy = "http://user:password@proxy:3128";
    options.no_proxy = "other.test";
    options.api_version = "2021-04-12";
    return options;
}

static enum c2d_status join(struct c2d_client *first, struct c2d_options options,
                            struct c2d_error *error)
{
    struct c2d_client *second = NULL;
    enum c2d_status status;

    options.share = first;
    status = c2d_client_new(&second, DEVICE_STRING, &options, error);
    c2d_client_free(second);
    return status;
}

Test(usage, options_beside_share_may_be_the_defaults_or_those_of_the_other_client)
{
    struct c2d_options options = options_of_first();
    struct script script = { .options = &options };
    struct c2d_client *first = client_for_test(&script, DEVICE_STRING);
    struct c2d_error error;

    cr_expect_eq(join(first, c2d_options_default(), &error), C2D_OK, "%s", error.text);
    cr_expect_eq(join(first, options, &error), C2D_OK, "%s", error.text);
    c2d_client_free(first);
}

Test(usage, an_option_beside_share_that_would_be_ignored_is_refused_and_named)
{
    struct c2d_options options = options_of_first(), rows[8];
    const char *names[] = { "timeout_ms",       "api_version",  "proxy",    "observer",
                            "observer_context", "retry_budget", "no_proxy", "proxy" };
    struct script script = { .options = &options };
    struct c2d_client *first = client_for_test(&script, DEVICE_STRING);
    struct c2d_error error;

    for (size_t i = 0; i < COUNT(rows); i++)
        rows[i] = options;
    rows[0].timeout_ms = 5001;
    rows[1].api_version = "2020-09-30";
    rows[2].proxy = "http://user:other@proxy:3128";
    rows[3].observer = no_observer;
    rows[4].observer_context = first;
    rows[5].retry_budget = true;
    rows[6].no_proxy = "*";
    rows[7].proxy = NULL;
    rows[7].proxy_user = "somebody";
    for (size_t i = 0; i < COUNT(rows); i++) {
        cr_expect_eq(join(first, rows[i], &error), C2D_USAGE, "%s", names[i]);
        cr_expect_not_null(strstr(error.text, names[i]), "%s: %s", names[i], error.text);
        cr_expect_null(strstr(error.text, "other"), "a password: %s", error.text);
    }
    c2d_client_free(first);
}

Test(usage, the_role_beside_share_is_that_of_the_new_client)
{
    struct script script = { 0 };
    struct c2d_client *first = client_for_test(&script, DEVICE_STRING);
    struct c2d_options options = c2d_options_default();
    struct c2d_error error;

    options.role = C2D_ROLE_DEVICE;
    cr_expect_eq(join(first, options, &error), C2D_OK, "%s", error.text);
    options.role = C2D_ROLE_SERVICE;
    cr_expect_eq(join(first, options, &error), C2D_CONFIG);
    cr_expect_eq(error.step, C2D_STEP_CONNECTION_STRING);
    c2d_client_free(first);
}

/* ---- Arguments ---- */

Test(usage, numbers_that_their_enum_lacks_are_refused)
{
    struct script script = { 0 };
    struct c2d_client *client = client_for_test(&script, DEVICE_STRING);
    struct c2d_request request = { .action = (enum c2d_action)99 };
    struct c2d_error error;

    cr_expect_eq(c2d_settle(client, "t", (enum c2d_outcome)99, &error), C2D_USAGE);
    cr_expect_eq(c2d_settle(client, "t", (enum c2d_outcome) - 1, &error), C2D_USAGE);
    cr_expect_eq(c2d_feedback_settle(client, "t", (enum c2d_outcome)99, &error), C2D_USAGE);
    cr_expect_eq(c2d_submit(client, &request, &error), C2D_USAGE);
    cr_expect_eq(script.request_count, 0);
    c2d_client_free(client);
}

Test(usage, messages_that_cannot_be_meant_are_refused)
{
    static const struct c2d_property nameless = { NULL, "v" }, valueless = { "n", NULL };
    static const struct c2d_message rows[] = {
        { .ack = (enum c2d_ack)99 },
        { .ack = (enum c2d_ack) - 1 },
        { .expires_at_s = -1 },
        { .body_size = 1 },
        { .property_count = 1 },
        { .properties = &nameless, .property_count = 1 },
        { .properties = &valueless, .property_count = 1 },
        { .spare = { "what a later version may put there" } },
    };
    struct script script = { 0 };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

    for (size_t i = 0; i < COUNT(rows); i++)
        cr_expect_eq(c2d_send(client, "dev1", &rows[i], NULL), C2D_USAGE, "row %zu", i);
    cr_expect_eq(script.request_count, 0);
    c2d_client_free(client);
}

Test(usage, a_token_for_no_time_or_for_ever_is_refused)
{
    static const int64_t refused[] = { 0, -1, INT64_MIN, INT64_MAX, INT64_C(4000000000) };
    struct script script = { 0 };
    struct c2d_client *client = client_for_test(&script, DEVICE_STRING);
    char *token;

    for (size_t i = 0; i < COUNT(refused); i++)
        cr_expect_eq(c2d_sas_token(client, NULL, refused[i], &token, NULL), C2D_USAGE, "row %zu",
                     i);
    c2d_client_free(client);
}

Test(usage, null_where_a_table_may_hold_it_is_refused)
{
    struct script script = { 0 };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING), *none = NULL;
    struct c2d_request request = { .action = C2D_ACTION_RECEIVE };
    struct c2d_message message = { 0 }, *received;
    struct c2d_device_info *info;
    struct c2d_outgoing *outgoing;
    struct c2d_feedback *feedback;
    struct c2d_probe probe;
    struct c2d_result result;
    struct c2d_sas sas;
    char *token;

    cr_expect_eq(c2d_send(none, "d", &message, NULL), C2D_USAGE);
    cr_expect_eq(c2d_send(client, NULL, &message, NULL), C2D_USAGE);
    cr_expect_eq(c2d_send(client, "d", NULL, NULL), C2D_USAGE);
    cr_expect_eq(c2d_receive(none, &received, NULL), C2D_USAGE);
    cr_expect_eq(c2d_settle(none, "t", C2D_COMPLETE, NULL), C2D_USAGE);
    cr_expect_eq(c2d_settle(client, NULL, C2D_COMPLETE, NULL), C2D_USAGE);
    cr_expect_eq(c2d_feedback_receive(none, &feedback, NULL), C2D_USAGE);
    cr_expect_eq(c2d_feedback_settle(client, NULL, C2D_COMPLETE, NULL), C2D_USAGE);
    cr_expect_eq(c2d_purge(client, NULL, NULL, NULL), C2D_USAGE);
    cr_expect_eq(c2d_device_info_get(client, NULL, &info, NULL), C2D_USAGE);
    cr_expect_eq(c2d_probe(none, &probe, NULL), C2D_USAGE);
    cr_expect_eq(c2d_sas_token(none, NULL, 60, &token, NULL), C2D_USAGE);
    cr_expect_eq(c2d_sas_decode(NULL, &sas, NULL), C2D_USAGE);
    cr_expect_eq(c2d_check_device_id(NULL, NULL), C2D_USAGE);
    cr_expect_eq(c2d_check_lock_token(NULL, NULL), C2D_USAGE);
    cr_expect_eq(c2d_outgoing_from_json(&outgoing, NULL, 0, NULL), C2D_USAGE);
    cr_expect_eq(c2d_message_from_json(&received, NULL, 0, NULL), C2D_USAGE);
    cr_expect_eq(c2d_submit(none, &request, NULL), C2D_USAGE);
    cr_expect_eq(c2d_submit(client, NULL, NULL), C2D_USAGE);
    cr_expect_not(c2d_wait(none, -1, &result));
    cr_expect_eq(c2d_pending(none), 0);
    cr_expect_eq(c2d_backing_off(none), 0);
    cr_expect_eq(c2d_fd(none), -1);
    cr_expect_null(c2d_client_host(none));
    cr_expect_null(c2d_client_device_id(none));
    cr_expect_null(c2d_client_policy(none));
    cr_expect_null(c2d_message_property(NULL, "a"));
    cr_expect_null(c2d_message_to_json(NULL, true));
    cr_expect_null(c2d_feedback_to_json(NULL, 0));
    cr_expect_eq(script.request_count, 0);
    c2d_client_free(client);
}

/* ---- Every action of a request ---- */

Test(usage, every_operation_can_be_submitted)
{
    struct script script = {
        .replies = { { 200, .headers = { "ETag: \"lock\"" },
                       .body = "[{\"statusCode\":\"Expired\"}]" },
                     { 204 },
                     { 200, .body = "{\"totalMessagesPurged\":7}" } },
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
    struct c2d_request request = { .action = C2D_ACTION_FEEDBACK };
    struct c2d_result result;

    cr_assert_eq(c2d_submit(client, &request, NULL), C2D_OK);
    cr_assert(c2d_wait(client, -1, &result));
    cr_assert_not_null(result.feedback, "%s", result.error.text);
    cr_expect_eq(result.feedback->records[0].outcome, C2D_FEEDBACK_EXPIRED);
    request = (struct c2d_request) { .action = C2D_ACTION_FEEDBACK_SETTLE,
                                     .lock_token = result.feedback->lock_token };
    cr_assert_eq(c2d_submit(client, &request, NULL), C2D_OK);
    c2d_feedback_free(result.feedback);
    cr_assert(c2d_wait(client, -1, &result));
    cr_expect_eq(result.error.status, C2D_OK, "%s", result.error.text);
    cr_expect_not_null(strstr(script.requests[1].url, "/lock?"));
    request = (struct c2d_request) { .action = C2D_ACTION_PURGE, .device_id = "dev1" };
    cr_assert_eq(c2d_submit(client, &request, NULL), C2D_OK);
    cr_assert(c2d_wait(client, -1, &result));
    cr_expect_eq(result.purged, 7, "%s", result.error.text);
    c2d_client_free(client);
}

Test(usage, a_property_is_found_whatever_its_case_is)
{
    static const struct c2d_property properties[] = { { "Reason", "update" }, { "b", "" } };
    struct c2d_message message = { .properties = properties, .property_count = 2 };

    cr_expect_str_eq(c2d_message_property(&message, "REASON"), "update");
    cr_expect_str_eq(c2d_message_property(&message, "b"), "");
    cr_expect_null(c2d_message_property(&message, "reaso"));
}

Test(usage, the_version_number_is_that_of_the_version)
{
    char text[32];

    snprintf(text, sizeof text, "%d.%d.%d", C2D_VERSION_NUMBER >> 16, C2D_VERSION_NUMBER >> 8 & 255,
             C2D_VERSION_NUMBER & 255);
    cr_expect_str_eq(text, C2D_VERSION);
}
