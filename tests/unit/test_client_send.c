/* c2d_send() over a scripted hub. */
#include "../support/once.h"

#include <criterion/criterion.h>
#include <string.h>

#define URL "https://" HUB "/devices/dev1/messages/deviceBound?api-version=2020-09-30"
#define OLDER_URL "https://" HUB "/messages/deviceBound?api-version=2020-09-30"
#define QUEUE_FULL "{\"errorCode\":403004,\"trackingId\":\"T\",\"message\":\"full\"}"

static const struct c2d_message hello = { .body = "hel\0o", .body_size = 5, .message_id = "m1" };

static enum c2d_status send_over(struct script *script, struct c2d_error *error)
{
    return send_once(script, &hello, error);
}

Test(client_send, request_carries_every_field_and_the_bytes_of_the_body)
{
    struct script script = { .replies = { { .status = 204 } } };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
    const struct script_request *request = script.requests;
    struct c2d_error error;
    struct c2d_message message = {
        .body = "a\0b\xff",
        .body_size = 4,
        .message_id = "m1",
        .correlation_id = "c1",
        .user_id = "u1",
        .content_type = "application/json",
        .content_encoding = "utf-8",
        .ack = C2D_ACK_FULL,
        .expires_at_s = 1767355200,
        .properties = (const struct c2d_property[]) { { "Kind", "config" }, { "e", "" } },
        .property_count = 2,
    };

    cr_assert_eq(c2d_send(client, "a+b", &message, &error), C2D_OK, "%s", error.text);
    cr_assert_eq(script.request_count, 1);
    cr_assert_str_eq(request->method, "POST");
    cr_assert_str_eq(request->url,
                     "https://" HUB "/devices/a%2Bb/messages/deviceBound?api-version=2020-09-30");
    cr_assert_str_eq(request->headers, "iothub-messageid: m1\n"
                                       "iothub-correlationid: c1\n"
                                       "iothub-userid: u1\n"
                                       "Content-Type: application/json\n"
                                       "Content-Encoding: utf-8\n"
                                       "iothub-contenttype: application/json\n"
                                       "iothub-contentencoding: utf-8\n"
                                       "iothub-ack: full\n"
                                       "iothub-expiry: 2026-01-02T12:00:00.0000000Z\n"
                                       "iothub-app-Kind: config\n"
                                       "iothub-app-e: \n");
    cr_assert_eq(request->body_size, 4);
    cr_assert_eq(memcmp(request->body, "a\0b\xff", 4), 0);
    cr_assert_not_null(strstr(request->authorization, "SharedAccessSignature sr=" HUB "&sig="));
    cr_assert_not_null(strstr(request->authorization, "&se=1767229200&skn=service"));
    cr_assert_eq(error.http_status, 204);
    cr_assert_eq(error.attempts, 1);
    cr_assert_str_eq(error.text, "");
    c2d_client_free(client);
}

Test(client_send, bare_message_has_no_headers_but_an_id)
{
    struct script script = { .replies = { { .status = 204 } } };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

    cr_assert_eq(c2d_send(client, "dev1", &(struct c2d_message) { 0 }, NULL), C2D_OK);
    cr_assert_eq(strncmp(script.requests[0].headers, "iothub-messageid: ", 18), 0);
    cr_assert_eq(strlen(script.requests[0].headers), 18 + 36 + 1,
                 "the only header must be a UUID as the message id");
    cr_assert_eq(script.requests[0].body_size, 0);
    c2d_client_free(client);
}

Test(client_send, message_without_an_id_is_retried_under_a_new_id_that_the_error_names)
{
    struct script script = { .replies = { { .written = true }, { .status = 204 } } };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
    struct c2d_error error;

    cr_assert_eq(c2d_send(client, "dev1", &(struct c2d_message) { 0 }, &error), C2D_OK);
    cr_assert_eq(strlen(error.message_id), 36);
    cr_assert_not_null(strstr(script.requests[0].headers, error.message_id));
    cr_assert_not_null(strstr(script.requests[1].headers, error.message_id));
    cr_assert_eq(c2d_send(client, "dev1", &(struct c2d_message) { .message_id = "m" }, &error),
                 C2D_NETWORK);
    cr_assert_str_eq(error.message_id, "", "an id of the caller must not be repeated");
    c2d_client_free(client);
}

static const struct {
    struct script_reply replies[4]; /* without retries in between */
    enum c2d_status status;
    int hub_code;
    const char *text;
} answers[] = {
    { { { .status = 200 } }, C2D_UNKNOWN_OUTCOME, 0, "HTTP 200" },
    { { { .status = 201 } }, C2D_UNKNOWN_OUTCOME, 0, "HTTP 201" },
    { { { .status = 202 } }, C2D_UNKNOWN_OUTCOME, 0, "'m1' may be queued" },
    { { { .status = 200, .body = "<html>Log in</html>" } }, C2D_PROTOCOL, 0, "HTTP 200" },
    { { { .status = 200, .headers = { "iothub-x: y" } } }, C2D_PROTOCOL, 0, "HTTP 200" },
    { { { .status = 302, .headers = { "Location: http://portal" } } }, C2D_PROTOCOL, 0, "portal" },
    { { { .status = 401 }, { .status = 401 } }, C2D_AUTH, 0, "HTTP 401" },
    { { { .status = 403, .body = QUEUE_FULL } }, C2D_QUEUE_FULL, 403004, "'dev1'" },
    { { { .status = 403, .headers = { "iothub-errorcode: IotHubQuotaExceeded" } } },
      C2D_QUOTA,
      403002,
      "used up" },
    { { { .status = 404, .headers = { "iothub-errorcode: DeviceNotFound" } } },
      C2D_NOT_FOUND,
      404001,
      "'dev1'" },
    { { { .status = 413 } }, C2D_TOO_LARGE, 0, "large" },
    { { { .failure = C2D_TLS, .final = true } }, C2D_TLS, 0, "" },
    { { { .failure = C2D_PROTOCOL, .final = true } }, C2D_PROTOCOL, 0, "" },
};

Test(client_send, response_is_mapped_to_its_status)
{
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct script script = { 0 };
        struct c2d_error error;

        memcpy(script.replies, answers[i].replies, sizeof answers[i].replies);
        cr_expect_eq(send_over(&script, &error), answers[i].status, "row %zu: %s", i, error.text);
        cr_expect_eq(error.hub_code, answers[i].hub_code, "row %zu", i);
        cr_expect_not_null(strstr(error.text, answers[i].text), "row %zu: %s", i, error.text);
        cr_expect_eq(error.attempts, script.request_count, "row %zu", i);
    }
}

#define WITH_CODE .headers = { "iothub-errorcode: ServerError" }

static const struct {
    const char *what;
    struct script_reply replies[4];
    enum c2d_status status;
    bool doubt;
} gateways[] = {
    { "504 from a gateway, then done", { { .status = 504 }, { .status = 204 } }, C2D_OK, true },
    { "503 says that nothing was done", { { .status = 503 }, { .status = 204 } }, C2D_OK, false },
    { "500 with the hub's code, too",
      { { .status = 500, WITH_CODE }, { .status = 204 } },
      C2D_OK,
      false },
    { "no attempt is certain",
      { { .status = 502 }, { .status = 500 }, { .status = 504 }, { .status = 408 } },
      C2D_UNKNOWN_OUTCOME,
      true },
    { "the last one is refused",
      { { .status = 502 }, { .status = 403, .body = QUEUE_FULL } },
      C2D_QUEUE_FULL,
      true },
    { "the last one is in doubt",
      { { .status = 503 }, { .status = 503 }, { .status = 503 }, { .status = 502 } },
      C2D_UNKNOWN_OUTCOME,
      true },
};

Test(client_send, send_after_a_gateway_error_is_in_doubt)
{
    for (size_t i = 0; i < COUNT(gateways); i++) {
        struct script script = { 0 };
        struct c2d_error error;

        memcpy(script.replies, gateways[i].replies, sizeof gateways[i].replies);
        cr_expect_eq(send_over(&script, &error), gateways[i].status, "%s: %s", gateways[i].what,
                     error.text);
        cr_expect_eq(error.earlier_try_unanswered, gateways[i].doubt, "%s", gateways[i].what);
    }
}

Test(client_send, message_that_the_protocol_cannot_carry_is_not_sent)
{
    static char body[65537];
    static const struct {
        const char *device_id;
        struct c2d_message message;
        enum c2d_status status;
    } rows[] = {
        { "a/b", { 0 }, C2D_DATA },
        { "dev1", { .message_id = "a b" }, C2D_DATA },
        { "dev1", { .user_id = "a\r\nX: y" }, C2D_DATA },
        { "dev1", { .body = body, .body_size = sizeof body }, C2D_TOO_LARGE },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct script script = { 0 };
        struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

        cr_expect_eq(c2d_send(client, rows[i].device_id, &rows[i].message, NULL), rows[i].status,
                     "row %zu", i);
        cr_expect_eq(script.request_count, 0, "row %zu", i);
        c2d_client_free(client);
    }
}

Test(client_send, send_with_a_lost_response_is_retried_under_the_same_id_and_reported)
{
    struct script script = { .replies = { { .written = true }, { .status = 204 } } };
    struct c2d_error error;

    cr_assert_eq(send_over(&script, &error), C2D_OK);
    cr_assert_eq(script.request_count, 2);
    cr_assert_str_eq(script.requests[0].headers, "iothub-messageid: m1\n");
    cr_assert_str_eq(script.requests[1].headers, script.requests[0].headers);
    cr_assert_eq(memcmp(script.requests[1].body, "hel\0o", 5), 0);
    cr_assert(error.earlier_try_unanswered);
    cr_assert_eq(error.attempts, 2);
}

Test(client_send, attempt_that_was_never_written_causes_no_duplicate)
{
    struct script script = { .replies = { { .written = false }, { .status = 204 } } };
    struct c2d_error error;

    cr_assert_eq(send_over(&script, &error), C2D_OK);
    cr_assert_not(error.earlier_try_unanswered);
    cr_assert_eq(error.attempts, 2);
}

static const struct {
    const char *what;
    struct script_reply replies[4];
    enum c2d_status status;
} endings[] = {
    { "written four times, never answered",
      { { .written = true }, { .written = true }, { .written = true }, { .written = true } },
      C2D_UNKNOWN_OUTCOME },
    { "written once, then no connection",
      { { .written = true }, { .written = false }, { .written = false }, { .written = false } },
      C2D_UNKNOWN_OUTCOME },
    { "written, and the time is up", { { .silent = true, .written = true } }, C2D_UNKNOWN_OUTCOME },
    { "never written",
      { { .written = false }, { .written = false }, { .written = false }, { .written = false } },
      C2D_NETWORK },
    { "never written, and the time is up", { { .silent = true } }, C2D_TIMEOUT },
    { "lost, then refused",
      { { .written = true }, { .status = 403, .body = QUEUE_FULL } },
      C2D_QUEUE_FULL },
};

Test(client_send, outcome_is_unknown_only_if_a_written_send_got_no_response)
{
    for (size_t i = 0; i < COUNT(endings); i++) {
        struct script script = { 0 };
        struct c2d_error error;

        memcpy(script.replies, endings[i].replies, sizeof endings[i].replies);
        cr_expect_eq(send_over(&script, &error), endings[i].status, "%s: %s", endings[i].what,
                     error.text);
        if (endings[i].status == C2D_UNKNOWN_OUTCOME)
            cr_expect_not_null(strstr(error.text, "'m1'"), "%s: %s", endings[i].what, error.text);
    }
}

Test(client_send, refusal_after_a_lost_response_says_that_the_message_may_be_queued)
{
    struct script script = { .replies = { { .written = true }, { .status = 413 } } };
    struct c2d_error error;

    cr_assert_eq(send_over(&script, &error), C2D_TOO_LARGE);
    cr_assert(error.earlier_try_unanswered);
    cr_assert_not_null(strstr(error.text, "'m1' may be queued"), "%s", error.text);
}

Test(client_send, send_without_retries_is_sent_at_most_once)
{
    struct c2d_options options = c2d_options_default();
    struct script script = { .replies = { { .written = true } }, .options = &options };
    struct c2d_error error;

    options.retries = 0;
    cr_assert_eq(send_over(&script, &error), C2D_UNKNOWN_OUTCOME);
    cr_assert_eq(script.request_count, 1);
}

/* ---- The form of older hubs ---- */

Test(client_send, older_form_is_used_if_the_hub_does_not_know_the_path)
{
    static const int unknown[] = { 404, 405, 501 };

    for (size_t i = 0; i < COUNT(unknown); i++) {
        struct script script = { .replies = { { .status = unknown[i] }, { .status = 204 } } };
        struct c2d_error error;

        cr_expect_eq(send_over(&script, &error), C2D_OK, "HTTP %d: %s", unknown[i], error.text);
        cr_expect_eq(error.attempts, 2);
        cr_expect_str_eq(script.requests[0].url, URL);
        cr_expect_str_eq(script.requests[1].url, OLDER_URL);
        cr_expect_str_eq(script.requests[1].headers,
                         "iothub-messageid: m1\niothub-to: /devices/dev1/messages/deviceBound\n");
        cr_expect_eq(script.requests[1].body_size, 5);
    }
}

Test(client_send, older_form_is_not_used_after_an_error_code_of_the_hub)
{
    static const struct script_reply replies[] = {
        { .status = 404, .headers = { "iothub-errorcode: DeviceNotFound" } },
        { .status = 404, .body = "{\"errorCode\":404999,\"message\":\"\"}" },
        { .status = 405, .headers = { "iothub-errorcode: Whatever" } },
        { .status = 400 },
        { .status = 403 },
        { .status = 410 },
    };

    for (size_t i = 0; i < COUNT(replies); i++) {
        struct script script = { .replies = { replies[i], { .status = 204 } } };
        struct c2d_error error;

        cr_expect_neq(send_over(&script, &error), C2D_OK, "row %zu", i);
        cr_expect_eq(script.request_count, 1, "row %zu", i);
    }
}

Test(client_send, older_form_that_is_unknown_too_leaves_the_first_response)
{
    struct script script = { .replies = { { .status = 404 }, { .status = 405 } } };
    struct c2d_error error;

    cr_assert_eq(send_over(&script, &error), C2D_NOT_FOUND);
    cr_assert_eq(error.http_status, 404);
    cr_assert_eq(error.attempts, 2);
}

Test(client_send, attempts_in_both_forms_are_counted)
{
    struct script script = { .replies = {
                                 { .status = 503 }, { .status = 404 }, { .status = 405 } } };
    struct c2d_error error;

    cr_assert_eq(send_over(&script, &error), C2D_NOT_FOUND);
    cr_assert_eq(script.request_count, 3);
    cr_assert_eq(error.attempts, 3);
}

Test(client_send, lost_response_before_the_older_form_may_cause_a_duplicate)
{
    struct script script = {
        .replies = { { .written = true }, { .status = 404 }, { .status = 204 } },
    };
    struct c2d_error error;

    cr_assert_eq(send_over(&script, &error), C2D_OK);
    cr_assert(error.earlier_try_unanswered);
}

Test(client_send, lost_response_stays_a_doubt_if_the_older_form_is_unknown_too)
{
    struct script script = {
        .replies = { { .status = 404 }, { .written = true }, { .status = 501 } },
    };
    struct c2d_error error;

    cr_expect_eq(send_over(&script, &error), C2D_NOT_FOUND);
    cr_expect(error.earlier_try_unanswered);
    cr_expect(strstr(error.text, "may be queued") != NULL, "%s", error.text);
}

Test(client_send, both_forms_together_keep_to_the_time_out)
{
    struct script script = { .replies = { { .status = 404, .delay_ms = 50000 },
                                          { .status = 204 } } };
    struct c2d_error error;

    send_over(&script, &error);
    cr_assert_eq(script.requests[0].timeout_ms, 60000);
    cr_assert_leq(script.requests[1].timeout_ms, 10000);
}
