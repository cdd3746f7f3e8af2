/* c2d_receive() over a scripted hub. */
#include "../support/once.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(client_receive, request_has_the_form_of_the_protocol_and_is_signed_by_the_device)
{
    struct script script = { .replies = { { .status = 204 } } };
    const struct script_request *request = script.requests;
    struct c2d_message *message = NULL;
    struct c2d_error error;

    cr_assert_eq(receive_once(&script, &message, &error), C2D_NO_MESSAGE);
    cr_assert_eq(script.request_count, 1);
    cr_assert_str_eq(request->method, "GET");
    cr_assert_str_eq(request->url,
                     "https://" HUB "/devices/dev1/messages/deviceBound?api-version=2021-04-12");
    cr_assert_str_eq(request->headers, "");
    cr_assert_eq(request->body_size, 0);
    cr_assert_not_null(
        strstr(request->authorization, "SharedAccessSignature sr=" HUB "%2Fdevices%2Fdev1&sig="));
    cr_assert_null(strstr(request->authorization, "skn="));
    cr_assert_not(error.earlier_try_unanswered);
    cr_assert_not_null(strstr(error.text, "'dev1'"));
}

Test(client_receive, response_of_a_gateway_leaves_open_whether_a_message_was_locked)
{
    static const int statuses[] = { 408, 500, 502, 504 };

    for (size_t i = 0; i < COUNT(statuses); i++) {
        struct script script = { .replies = { { .status = statuses[i] }, { .status = 204 } } };
        struct c2d_error error;

        cr_expect_eq(receive_once(&script, NULL, &error), C2D_NO_MESSAGE, "%s", error.text);
        cr_expect(error.earlier_try_unanswered, "HTTP %d", statuses[i]);
    }
}

Test(client_receive, lock_counts_from_the_start_of_the_attempt_that_got_the_response)
{
    struct script script = {
        .replies = { { .status = 503 }, { .status = 200, .headers = { "ETag: \"t\"" } } },
    };
    struct c2d_message *message = NULL;
    struct c2d_error error;

    cr_assert_eq(receive_once(&script, &message, &error), C2D_OK);
    cr_assert_gt(script.requests[1].at_ms, 0);
    cr_assert_eq(message->lock_expires_ms, script.requests[1].at_ms + C2D_LOCK_S * 1000);
    c2d_message_free(message);
}

Test(client_receive, message_is_returned_with_body_and_times)
{
    struct script script = {
        .replies = { { .status = 200,
                       .headers = { "etag: \"t1\"", "iothub-messageid: m1", "iothub-app-K: v" },
                       .body = "a\0b",
                       .body_size = 3 } },
    };
    struct c2d_message *message = NULL;
    struct c2d_error error;

    cr_assert_eq(receive_once(&script, &message, &error), C2D_OK);
    cr_assert_str_eq(message->lock_token, "t1");
    cr_assert_str_eq(message->message_id, "m1");
    cr_assert_str_eq(message->device_id, "dev1");
    cr_assert_eq(message->body_size, 3);
    cr_assert_eq(memcmp(message->body, "a\0b", 3), 0);
    cr_assert_str_eq(message->properties[0].name, "K");
    cr_assert_eq(message->received_at_s, SCRIPT_START_S);
    cr_assert_eq(message->lock_deadline_s, SCRIPT_START_S + 60);
    c2d_message_free(message);
}

Test(client_receive, lock_counts_from_the_request_that_brought_the_message)
{
    struct script script = {
        .replies = { { .status = 503, .headers = { "Retry-After: 25" } },
                     { .status = 200, .headers = { "ETag: \"t\"" }, .delay_ms = 3000 } },
    };
    struct c2d_message *message = NULL;
    struct c2d_error error;

    cr_assert_eq(receive_once(&script, &message, &error), C2D_OK);
    cr_assert_eq(script.requests[1].at_s, SCRIPT_START_S + 25);
    cr_expect_eq(message->received_at_s, SCRIPT_START_S + 25);
    cr_expect_eq(message->lock_deadline_s, SCRIPT_START_S + 85);
    c2d_message_free(message);
}

Test(client_receive, empty_body_is_a_message)
{
    struct script script = { .replies = { { .status = 200, .headers = { "ETag: \"t\"" } } } };
    struct c2d_message *message = NULL;
    struct c2d_error error;

    cr_assert_eq(receive_once(&script, &message, &error), C2D_OK);
    cr_assert_eq(message->body_size, 0);
    c2d_message_free(message);
}

struct warnings {
    unsigned count;
    char last[512];
};

static void count_warnings(void *context, const struct c2d_event *event)
{
    struct warnings *warnings = context;

    if (event->kind != C2D_EVENT_WARNING)
        return;
    warnings->count++;
    snprintf(warnings->last, sizeof warnings->last, "%s", event->text);
}

Test(client_receive, success_without_content_in_place_of_204_is_an_empty_queue)
{
    struct warnings warnings = { 0 };
    struct c2d_options options = c2d_options_default();
    struct script script = {
        .options = &options,
        .replies = { { .status = 200 },
                     { .status = 202, .headers = { "Content-Type: text/html" } },
                     { .status = 200, .headers = { "iothub-messageid: m" } } },
    };
    struct c2d_client *client;
    struct c2d_message *message;
    struct c2d_error error;

    options.observer = count_warnings;
    options.observer_context = &warnings;
    client = client_for_test(&script, DEVICE_STRING);
    cr_assert_eq(c2d_receive(client, &message, &error), C2D_NO_MESSAGE);
    cr_assert_not(error.earlier_try_unanswered);
    cr_assert_eq(c2d_receive(client, &message, &error), C2D_NO_MESSAGE);
    cr_assert_eq(warnings.count, 1, "the warning must come once");
    cr_assert_not_null(strstr(warnings.last, "HTTP 200"), "%s", warnings.last);
    cr_assert_eq(c2d_receive(client, &message, &error), C2D_PROTOCOL,
                 "a message without a lock token must be refused");
    c2d_client_free(client);
}

static const struct {
    struct script_reply reply;
    enum c2d_status status;
} answers[] = {
    { { .status = 200, .body = "<html>Log in</html>" }, C2D_PROTOCOL },
    { { .status = 200, .headers = { "ETag: \"\"" } }, C2D_PROTOCOL },
    { { .status = 200, .headers = { "ETag: \"t\xe9\"" } }, C2D_PROTOCOL },
    { { .status = 202, .headers = { "ETag: \"t\"" } }, C2D_PROTOCOL },
    { { .status = 206, .headers = { "ETag: \"t\"" } }, C2D_PROTOCOL },
    { { .status = 304 }, C2D_PROTOCOL },
    { { .status = 403 }, C2D_AUTH },
    { { .status = 404 }, C2D_NOT_FOUND },
    { { .failure = C2D_TLS, .final = true }, C2D_TLS },
};

Test(client_receive, response_without_a_message_is_an_error_and_settles_nothing)
{
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct script script = { .replies = { answers[i].reply } };
        struct c2d_message *message = NULL;
        struct c2d_error error;

        cr_expect_eq(receive_once(&script, &message, &error), answers[i].status, "row %zu: %s", i,
                     error.text);
        cr_expect_eq(script.request_count, 1, "row %zu", i);
    }
}

Test(client_receive, empty_queue_after_a_lost_response_is_an_error)
{
    struct script script = { .replies = { { .written = true }, { .status = 204 } } };
    struct c2d_message *message = NULL;
    struct c2d_error error;

    cr_assert_eq(receive_once(&script, &message, &error), C2D_NO_MESSAGE);
    cr_assert(error.earlier_try_unanswered);
}

Test(client_receive, nothing_of_a_lost_attempt_is_in_the_message)
{
    struct script script = {
        .replies = { { .status = 503, .headers = { "iothub-app-old: 1" }, .body = "old" },
                     { .status = 200, .headers = { "ETag: \"t\"" }, .body = "new" } },
    };
    struct c2d_message *message = NULL;
    struct c2d_error error;

    cr_assert_eq(receive_once(&script, &message, &error), C2D_OK);
    cr_assert_eq(message->property_count, 0);
    cr_assert_eq(message->body_size, 3);
    cr_assert_eq(memcmp(message->body, "new", 3), 0);
    c2d_message_free(message);
}

Test(client_receive, hub_policy_is_refused_before_any_request)
{
    struct script script = { 0 };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
    struct c2d_message *message = NULL;

    cr_assert_eq(c2d_receive(client, &message, NULL), C2D_CONFIG);
    cr_assert_eq(script.request_count, 0);
    c2d_client_free(client);
}
