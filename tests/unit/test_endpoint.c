#include "../../src/lib/endpoint.h"

#include "../support/table.h"

#include <criterion/criterion.h>
#include <string.h>

#define BASE "https://h:8443"
#define DEVICE_V "?api-version=2021-04-12"
#define SERVICE_V "?api-version=2020-09-30"

static char device_id[] = "dev1";
static char host[] = "h:8443";
static const struct credentials device = {
    .role = C2D_ROLE_DEVICE,
    .host = host,
    .device_id = device_id,
};
static const struct credentials service = { .role = C2D_ROLE_SERVICE, .host = host };
static const struct endpoint at_device = { &device, NULL };
static const struct endpoint at_service = { &service, NULL };
static const struct c2d_message hello = { .body = "hello", .body_size = 5 };

static void expect_request(enum c2d_status status, struct http_request *request, const char *method,
                           const char *url)
{
    cr_assert_eq(status, C2D_OK);
    cr_expect_str_eq(request->method, method);
    cr_expect_str_eq(request->url.data, url);
    cr_expect_str_eq(request->url.data + request->path_at, strchr(url + 8, '/'));
    http_request_clear(request);
}

Test(endpoint, requests_of_a_device_are_exactly_those_of_the_wire)
{
    static const struct {
        enum c2d_outcome outcome;
        const char *method, *rest;
    } rows[] = {
        { C2D_COMPLETE, "DELETE", "/t%2F1" DEVICE_V },
        { C2D_REJECT, "DELETE", "/t%2F1" DEVICE_V "&reject" },
        { C2D_ABANDON, "POST", "/t%2F1/abandon" DEVICE_V },
    };
    struct http_request request = { 0 };

    expect_request(endpoint_receive(&at_device, &request, NULL), &request, "GET",
                   BASE "/devices/dev1/messages/deviceBound" DEVICE_V);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf url = { 0 };

        buf_format(&url, BASE "/devices/dev1/messages/deviceBound%s", rows[i].rest);
        expect_request(endpoint_settle(&at_device, "t/1", rows[i].outcome, &request, NULL),
                       &request, rows[i].method, url.data);
        buf_clear(&url);
    }
}

Test(endpoint, complete_never_says_reject)
{
    struct http_request request = { 0 };

    cr_assert_eq(endpoint_settle(&at_device, "t", C2D_COMPLETE, &request, NULL), C2D_OK);
    cr_assert_null(strstr(request.url.data, "reject"));
    http_request_clear(&request);
}

Test(endpoint, requests_of_the_back_end_are_exactly_those_of_the_wire)
{
    struct http_request r = { 0 };

    expect_request(endpoint_send(&at_service, "d", &hello, &r, NULL), &r, "POST",
                   BASE "/devices/d/messages/deviceBound" SERVICE_V);
    expect_request(endpoint_feedback(&at_service, &r, NULL), &r, "GET",
                   BASE "/messages/serviceBound/feedback" SERVICE_V);
    expect_request(endpoint_feedback_settle(&at_service, "t", C2D_COMPLETE, &r, NULL), &r, "DELETE",
                   BASE "/messages/serviceBound/feedback/t" SERVICE_V);
    expect_request(endpoint_feedback_settle(&at_service, "t", C2D_ABANDON, &r, NULL), &r, "POST",
                   BASE "/messages/serviceBound/feedback/t/abandon" SERVICE_V);
    expect_request(endpoint_purge(&at_service, "d", &r, NULL), &r, "DELETE",
                   BASE "/devices/d/commands" SERVICE_V);
    expect_request(endpoint_device(&at_service, "d", &r, NULL), &r, "GET",
                   BASE "/devices/d" SERVICE_V);
}

Test(endpoint, every_legal_character_of_a_device_id_is_escaped_once)
{
    struct http_request request = { 0 };

    expect_request(
        endpoint_purge(&at_service, "aZ0-.+%_#*?!(),:=@$'", &request, NULL), &request, "DELETE",
        BASE "/devices/aZ0-.%2B%25_%23%2A%3F%21%28%29%2C%3A%3D%40%24%27/commands" SERVICE_V);
    expect_request(endpoint_purge(&at_service, "a%2Bb", &request, NULL), &request, "DELETE",
                   BASE "/devices/a%252Bb/commands" SERVICE_V);
}

Test(endpoint, given_api_version_replaces_each_default)
{
    struct endpoint endpoint = { &service, "2030-01-01&x" };
    struct http_request request = { 0 };

    expect_request(endpoint_device(&endpoint, "d", &request, NULL), &request, "GET",
                   BASE "/devices/d?api-version=2030-01-01%26x");
    endpoint.credentials = &device;
    expect_request(endpoint_receive(&endpoint, &request, NULL), &request, "GET",
                   BASE "/devices/dev1/messages/deviceBound?api-version=2030-01-01%26x");
}

Test(endpoint, older_send_names_the_device_in_a_header_and_keeps_the_message)
{
    struct c2d_message message = hello;
    struct http_request request = { 0 };

    message.message_id = "m";
    cr_assert_eq(endpoint_send(&at_service, "a+b", &message, &request, NULL), C2D_OK);
    cr_assert_eq(endpoint_send_older(&at_service, "a+b", &request, NULL), C2D_OK);
    cr_assert_str_eq(http_headers_get(&request.headers, "iothub-to"),
                     "/devices/a%2Bb/messages/deviceBound");
    cr_assert_str_eq(http_headers_get(&request.headers, "iothub-messageid"), "m");
    cr_assert_eq(request.body_size, 5);
    expect_request(C2D_OK, &request, "POST", BASE "/messages/deviceBound" SERVICE_V);
}

Test(endpoint, wrong_kind_of_credentials_is_told_before_anything_is_sent)
{
    struct http_request r = { 0 };

    cr_expect_eq(endpoint_send(&at_device, "d", &hello, &r, NULL), C2D_CONFIG);
    cr_expect_eq(endpoint_feedback(&at_device, &r, NULL), C2D_CONFIG);
    cr_expect_eq(endpoint_feedback_settle(&at_device, "t", C2D_COMPLETE, &r, NULL), C2D_CONFIG);
    cr_expect_eq(endpoint_purge(&at_device, "d", &r, NULL), C2D_CONFIG);
    cr_expect_eq(endpoint_device(&at_device, "d", &r, NULL), C2D_CONFIG);
    cr_expect_eq(endpoint_receive(&at_service, &r, NULL), C2D_CONFIG);
    cr_expect_eq(endpoint_settle(&at_service, "t", C2D_COMPLETE, &r, NULL), C2D_CONFIG);
    cr_expect_null(r.url.data);
}

Test(endpoint, lock_token_that_no_hub_gives_is_refused)
{
    static const char *const tokens[] = { "", " ", "a\nb", "\xff", "a " };

    for (size_t i = 0; i < COUNT(tokens); i++) {
        struct http_request r = { 0 };

        cr_expect_eq(endpoint_settle(&at_device, tokens[i], C2D_COMPLETE, &r, NULL), C2D_DATA,
                     "row %zu", i);
        cr_expect_eq(endpoint_feedback_settle(&at_service, tokens[i], C2D_ABANDON, &r, NULL),
                     C2D_DATA, "row %zu", i);
    }
}

Test(endpoint, feedback_is_never_rejected)
{
    struct http_request r = { 0 };

    cr_assert_eq(endpoint_feedback_settle(&at_service, "t", C2D_REJECT, &r, NULL), C2D_DATA);
}

Test(endpoint, device_ids_are_checked)
{
    struct http_request r = { 0 };

    cr_expect_eq(endpoint_send(&at_service, "a/b", &hello, &r, NULL), C2D_DATA);
    cr_expect_eq(endpoint_purge(&at_service, "..", &r, NULL), C2D_DATA);
    cr_expect_eq(endpoint_device(&at_service, "", &r, NULL), C2D_DATA);
}
