#include "hub/hub_error.h"

#include "../support/alloc.h"
#include "../support/script.h"

#include <criterion/criterion.h>
#include <string.h>

#define FLAT(code) "{\"errorCode\":" code ",\"trackingId\":\"T1\",\"message\":\"words\"}"

static const struct hub_request send = { "send", "dev1", "ServiceConnect", HUB_AUTH_POLICY };

static enum c2d_status read_error(int http, const char *const *headers, const char *body,
                                  struct c2d_error *error)
{
    struct http_response response = response_for_test(http, headers, body, 0);
    enum c2d_status status = hub_error_read(&response, &send, SCRIPT_START_S, error);

    cr_expect_eq(status, error->status);
    cr_expect_eq(error->step, C2D_STEP_ANSWER);
    http_response_clear(&response);
    return status;
}

/* The errors of a hub, by number and by name. */
static const struct {
    int http;
    const char *body;   /* with the number */
    const char *header; /* with the name */
    int code;
    enum c2d_status status;
    bool retryable;
    const char *mentions;
} codes[] = {
    { 400, FLAT("400001"), "iothub-errorcode: InvalidProtocolVersion", 400001, C2D_PROTOCOL, false,
      "api-version" },
    { 400, FLAT("400004"), "iothub-errorcode: ArgumentInvalid", 400004, C2D_PROTOCOL, false,
      "send" },
    { 400, FLAT("400006"), "iothub-errorcode: IotHubFormatError", 400006, C2D_PROTOCOL, false,
      "send" },
    { 400, FLAT("400024"), "iothub-errorcode: RequestTimedOut", 400024, C2D_SERVER, true,
      "timed out" },
    { 401, FLAT("401002"), "iothub-errorcode: IotHubUnauthorizedAccess", 401002, C2D_AUTH, false,
      "credentials" },
    { 401, FLAT("401003"), "iothub-errorcode: IotHubUnauthorized", 401003, C2D_AUTH, false,
      "credentials" },
    { 403, FLAT("403002"), "iothub-errorcode: IotHubQuotaExceeded", 403002, C2D_QUOTA, false,
      "daily quota" },
    { 403, FLAT("403004"), "iothub-errorcode: DeviceMaximumQueueDepthExceeded", 403004,
      C2D_QUEUE_FULL, false, "device 'dev1' already holds 50 messages" },
    { 403, FLAT("403007"), "iothub-errorcode: DeviceMaximumQueueSizeExceeded", 403007,
      C2D_QUEUE_FULL, false, "'dev1'" },
    { 403, FLAT("403010"), "iothub-errorcode: OperationNotAvailableInCurrentTier", 403010, C2D_AUTH,
      false, "tier" },
    { 403, FLAT("403012"), "iothub-errorcode: DeviceDisabled", 403012, C2D_AUTH, false, "'dev1'" },
    { 404, FLAT("404001"), "iothub-errorcode: DeviceNotFound", 404001, C2D_NOT_FOUND, false,
      "'dev1'" },
    { 404, FLAT("404012"), "iothub-errorcode: IotHubFailingOver", 404012, C2D_SERVER, true,
      "region" },
    { 404, FLAT("404013"), "iothub-errorcode: FeatureNotSupported", 404013, C2D_NOT_FOUND, false,
      "feature" },
    { 412, FLAT("412002"), "iothub-errorcode: DeviceMessageLockLost", 412002, C2D_LOCK_LOST, false,
      "lock" },
    { 413, FLAT("413001"), "iothub-errorcode: MessageTooLarge", 413001, C2D_TOO_LARGE, false,
      "large" },
    { 429, FLAT("429001"), "iothub-errorcode: ThrottlingException", 429001, C2D_THROTTLED, true,
      "throttling requests" },
    { 500, FLAT("500001"), "iothub-errorcode: ServerError", 500001, C2D_SERVER, true,
      "server error" },
    { 503, FLAT("503001"), "iothub-errorcode: ServiceUnavailable", 503001, C2D_SERVER, true,
      "server error" },
    { 503, FLAT("503005"), "iothub-errorcode: ServerBusy", 503005, C2D_SERVER, true,
      "server error" },
};

Test(hub_error, code_decides_whether_it_comes_as_number_or_as_name)
{
    for (size_t i = 0; i < COUNT(codes); i++) {
        const char *const headers[] = { codes[i].header, NULL };
        struct c2d_error error;

        cr_expect_eq(read_error(codes[i].http, NULL, codes[i].body, &error), codes[i].status,
                     "%s: %s", codes[i].body, error.text);
        cr_expect_eq(error.retryable, codes[i].retryable, "%s", codes[i].body);
        cr_expect_not_null(strstr(error.text, codes[i].mentions), "%s", error.text);
        cr_expect(error.hub_code > 400000, "%s: %d", codes[i].body, error.hub_code);
        cr_expect_str_eq(error.request_id, "T1");
        cr_expect_eq(read_error(codes[i].http, headers, "", &error), codes[i].status, "%s: %s",
                     codes[i].header, error.text);
        cr_expect_eq(error.retryable, codes[i].retryable, "%s", codes[i].header);
        cr_expect_not_null(strstr(error.text, codes[i].mentions), "%s", error.text);
        cr_expect_eq(error.hub_code, codes[i].code, "%s: %d", codes[i].header, error.hub_code);
        cr_expect_eq(error.http_status, codes[i].http);
    }
}

/* A response without an error code of the hub. */
static const struct {
    int http;
    enum c2d_status status;
    bool retryable;
} plain[] = {
    { 201, C2D_PROTOCOL, false },  { 202, C2D_PROTOCOL, false },  { 206, C2D_PROTOCOL, false },
    { 301, C2D_PROTOCOL, false },  { 302, C2D_PROTOCOL, false },  { 307, C2D_PROTOCOL, false },
    { 400, C2D_PROTOCOL, false },  { 401, C2D_AUTH, false },      { 403, C2D_AUTH, false },
    { 404, C2D_NOT_FOUND, false }, { 405, C2D_PROTOCOL, false },  { 408, C2D_PROTOCOL, true },
    { 409, C2D_PROTOCOL, false },  { 412, C2D_LOCK_LOST, false }, { 413, C2D_TOO_LARGE, false },
    { 429, C2D_THROTTLED, true },  { 500, C2D_SERVER, true },     { 501, C2D_SERVER, false },
    { 502, C2D_SERVER, true },     { 503, C2D_SERVER, true },     { 504, C2D_SERVER, true },
    { 505, C2D_SERVER, false },
};

Test(hub_error, http_status_decides_if_there_is_no_code)
{
    static const char *const bodies[] = { "", "plain text", "<html><h1>Log in</h1></html>" };

    for (size_t i = 0; i < COUNT(plain); i++)
        for (size_t k = 0; k < COUNT(bodies); k++) {
            struct c2d_error error;

            cr_expect_eq(read_error(plain[i].http, NULL, bodies[k], &error), plain[i].status,
                         "HTTP %d, '%s': %s", plain[i].http, bodies[k], error.text);
            cr_expect_eq(error.retryable, plain[i].retryable, "HTTP %d", plain[i].http);
            cr_expect_eq(error.hub_code, 0);
            cr_expect_null(strstr(error.text, "<h1>"), "%s", error.text);
        }
}

Test(hub_error, text_names_http_status_and_code)
{
    static const char *const headers[] = { "iothub-errorcode: SomethingNew", NULL };
    struct c2d_error error;

    read_error(403, NULL, FLAT("403004"), &error);
    cr_assert_not_null(strstr(error.text, "(HTTP 403, hub code 403004)"), "%s", error.text);
    cr_assert_not_null(strstr(error.hint, "c2d-http purge dev1"), "%s", error.hint);
    read_error(400, headers, "", &error);
    cr_assert_not_null(strstr(error.text, "(HTTP 400, SomethingNew)"), "%s", error.text);
    read_error(500, NULL, "", &error);
    cr_assert_not_null(strstr(error.text, "(HTTP 500)"), "%s", error.text);
}

Test(hub_error, server_error_is_blamed_on_the_hub_only_if_the_hub_responded)
{
    static const char *const headers[] = { "x-ms-request-id: T1", NULL };
    struct c2d_error error;

    read_error(503, headers, "", &error);
    cr_assert_not_null(strstr(error.text, "server error of the hub (HTTP 503)"), "%s", error.text);
    cr_assert_str_eq(error.hint, "");
    read_error(503, NULL, "<html>", &error);
    cr_assert_not_null(strstr(error.text, "server error of the hub, or of a proxy"), "%s",
                       error.text);
    cr_assert_not_null(strstr(error.hint, "a trace shows who responded"), "%s", error.hint);
}

Test(hub_error, quota_error_says_when_the_quota_resets)
{
    struct c2d_error error;

    read_error(403, NULL, FLAT("403002"), &error);
    cr_assert_not_null(strstr(error.hint, "00:00 UTC"), "%s", error.hint);
}

Test(hub_error, status_403_without_an_error_code_of_the_hub_is_reported_as_a_filter)
{
    static const char *const id[] = { "x-ms-request-id: R1", NULL };
    struct c2d_error error;

    read_error(403, NULL, "<html>", &error);
    cr_assert_not_null(strstr(error.text, "filter"), "%s", error.text);
    read_error(403, NULL, FLAT("403999"), &error);
    cr_assert_null(strstr(error.text, "filter"), "%s", error.text);
    read_error(403, id, "", &error);
    cr_assert_null(strstr(error.text, "filter"), "%s", error.text);
    cr_assert_str_eq(error.request_id, "R1");
}

static const char *const full[] = {
    FLAT("403004"),
    FLAT("\"403004\""),
    "{\"Message\":\"ErrorCode:DeviceMaximumQueueDepthExceeded;Device Queue depth cannot exceed "
    "50 messages\",\"ExceptionMessage\":\"Tracking ID:T1-G:2-TimeStamp:10/18/2022 20:50:39\"}",
    "{\"Message\":\"{\\\"errorCode\\\":403004,\\\"trackingId\\\":\\\"T1\\\"}\"}",
    "{\"Message\":\"{\\\"errorCode\\\":\\\"403004\\\",\\\"trackingId\\\":\\\"T1\\\"}\"}",
    "{\"Message\":{\"errorCode\":403004,\"trackingId\":\"T1-TimeStamp:10/18/2022 20:50:39\"}}",
    "{\"Message\":{\"errorCode\":\"403004\",\"trackingId\":\"T1\"}}",
};

Test(hub_error, a_full_queue_is_reported_as_such_in_every_shape_of_a_body)
{
    for (size_t i = 0; i < COUNT(full); i++) {
        struct c2d_error error;

        cr_expect_eq(read_error(403, NULL, full[i], &error), C2D_QUEUE_FULL, "%s: %s", full[i],
                     error.text);
        cr_expect_eq(error.hub_code, 403004, "%s", full[i]);
        cr_expect_str_eq(error.request_id, "T1", "%s", full[i]);
    }
}

Test(hub_error, a_404_without_a_code_says_that_the_device_may_be_unknown_or_disabled)
{
    static const struct {
        enum hub_auth auth;
        const char *device_id, *body;
        bool both;
    } rows[] = {
        { HUB_AUTH_DEVICE_KEY, "dev1", "", true },
        { HUB_AUTH_CERTIFICATE, "dev1", "<html>", true },
        { HUB_AUTH_DEVICE_KEY, "dev1", FLAT("404001"), true },
        { HUB_AUTH_POLICY, "dev1", "", true },
        { HUB_AUTH_POLICY, "dev1", FLAT("404001"), false },
        { HUB_AUTH_DEVICE_KEY, "dev1", FLAT("404013"), false },
        { HUB_AUTH_DEVICE_KEY, "dev1", FLAT("404103"), false },
        { HUB_AUTH_DEVICE_KEY, "dev1", "{\"Message\":\"ErrorCode:SomethingNew;x\"}", false },
        { HUB_AUTH_POLICY, NULL, "", false },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct hub_request request = { "receive", rows[i].device_id, "R", rows[i].auth };
        struct http_response response = response_for_test(404, NULL, rows[i].body, 0);
        struct c2d_error error;

        cr_expect_eq(hub_error_read(&response, &request, 0, &error), C2D_NOT_FOUND);
        cr_expect_eq(strstr(error.text, "'dev1' is unknown to the hub, or disabled") != NULL,
                     rows[i].both, "row %zu: %s", i, error.text);
        cr_expect_eq(strstr(error.hint, "device is enabled") != NULL, rows[i].both, "row %zu: %s",
                     i, error.hint);
        http_response_clear(&response);
    }
}

Test(hub_error, redirect_is_reported_with_its_target)
{
    static const char *const headers[] = { "Location: http://portal/login\xc2\x9b", NULL };
    struct c2d_error error;

    read_error(302, headers, "", &error);
    cr_assert_not_null(strstr(error.text, "http://portal/login"), "%s", error.text);
    cr_assert_null(strstr(error.text, "\xc2\x9b"), "text of a peer must be made printable");
}

Test(hub_error, refusal_says_what_was_refused_and_where_to_look)
{
    static const struct {
        enum hub_auth auth;
        const char *text, *hint;
    } rows[] = {
        { HUB_AUTH_POLICY, "the credentials", "right RIGHT and" },
        { HUB_AUTH_DEVICE_KEY, "the credentials", "that of device 'dev1', with its current key" },
        { HUB_AUTH_TOKEN, "the credentials", "right RIGHT, " },
        { HUB_AUTH_CERTIFICATE, "refused the device's certificate",
          "thumbprint for device 'dev1':" },
        { HUB_AUTH_NOT_REQUESTED, "received no certificate", "inspect" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct hub_request request = { "receive", "dev1", "RIGHT", rows[i].auth };
        struct http_response response = response_for_test(401, NULL, "", 0);
        struct c2d_error error;

        cr_expect_eq(hub_error_read(&response, &request, 0, &error), C2D_AUTH);
        cr_expect_not_null(strstr(error.text, rows[i].text), "row %zu: %s", i, error.text);
        cr_expect_not_null(strstr(error.hint, rows[i].hint), "row %zu: %s", i, error.hint);
        http_response_clear(&response);
    }
}

Test(hub_error, retry_after_header_is_read)
{
    static const char *const headers[] = { "Retry-After: 17", NULL };
    struct c2d_error error;

    read_error(429, headers, "", &error);
    cr_assert_eq(error.retry_after_s, 17);
}

Test(hub_error, refusal_names_network_rules_as_a_possible_reason)
{
    static const enum hub_auth auths[] = { HUB_AUTH_POLICY, HUB_AUTH_DEVICE_KEY, HUB_AUTH_TOKEN,
                                           HUB_AUTH_CERTIFICATE };

    for (size_t i = 0; i < COUNT(auths); i++) {
        struct hub_request request = { "receive", "dev1", "ServiceConnect", auths[i] };
        struct http_response response = response_for_test(401, NULL, "", 0);
        struct c2d_error error;

        hub_error_read(&response, &request, 0, &error);
        cr_expect_not_null(strstr(error.hint, "IP rules or private endpoint"), "row %zu: %s", i,
                           error.hint);
        cr_expect_null(strstr(error.hint, "..."), "row %zu: cut: %s", i, error.hint);
        http_response_clear(&response);
    }
}

Test(hub_error, hint_that_needs_memory_is_left_out_when_there_is_none)
{
    static const char *const headers[] = { "iothub-errorcode: DeviceMaximumQueueDepthExceeded",
                                           NULL };
    struct http_response response = response_for_test(403, headers, "", 0);
    struct c2d_error error;

    alloc_fail_at(1, true);
    cr_expect_eq(hub_error_read(&response, &send, 0, &error), C2D_QUEUE_FULL);
    cr_expect(alloc_stop());
    cr_expect_str_eq(error.hint, "");
    http_response_clear(&response);
}
