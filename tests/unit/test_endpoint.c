#include "hub/endpoint.h"

#include "../support/table.h"

#include <criterion/criterion.h>
#include <string.h>

#define BASE "https://h:8443"
#define DEVICE_V "?api-version=2021-04-12"
#define SERVICE_V "?api-version=2020-09-30"

static char own_id[] = "dev1";
static char host[] = "h:8443";
static const struct credentials device = {
    .role = C2D_ROLE_DEVICE,
    .host = host,
    .device_id = own_id,
};
static const struct credentials service = { .role = C2D_ROLE_SERVICE, .host = host };

/* The request of an endpoint for a device or a lock with these credentials. */
static enum c2d_status make(const struct credentials *credentials, enum endpoint_id id,
                            const char *device_id, const char *lock_token,
                            struct http_request *request)
{
    struct endpoint_target target = { credentials, NULL, device_id, lock_token };

    enum c2d_status status = endpoint_check(&endpoints[id], &target, NULL);

    return status == C2D_OK ? endpoint_request(&endpoints[id], &target, request, NULL) : status;
}

static void expect_request(enum c2d_status status, struct http_request *request, const char *method,
                           const char *url)
{
    cr_assert_eq(status, C2D_OK);
    cr_expect_str_eq(request->method, method);
    cr_expect_str_eq(request->url.data, url);
    cr_expect_str_eq(request->url.data + request->path_at, strchr(url + 8, '/'));
    http_request_clear(request);
}

Test(endpoint, requests_of_a_device_are_exactly_those_of_the_protocol)
{
    static const struct {
        enum endpoint_id id;
        const char *method, *rest;
    } rows[] = {
        { ENDPOINT_COMPLETE, "DELETE", "/t%2F1" DEVICE_V },
        { ENDPOINT_REJECT, "DELETE", "/t%2F1" DEVICE_V "&reject" },
        { ENDPOINT_ABANDON, "POST", "/t%2F1/abandon" DEVICE_V },
    };
    struct http_request request = { 0 };

    expect_request(make(&device, ENDPOINT_RECEIVE, NULL, NULL, &request), &request, "GET",
                   BASE "/devices/dev1/messages/deviceBound" DEVICE_V);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf url = { 0 };

        buf_format(&url, BASE "/devices/dev1/messages/deviceBound%s", rows[i].rest);
        expect_request(make(&device, rows[i].id, NULL, "t/1", &request), &request, rows[i].method,
                       url.data);
        buf_clear(&url);
    }
}

Test(endpoint, complete_never_has_the_reject_flag)
{
    struct http_request request = { 0 };

    cr_assert_eq(make(&device, ENDPOINT_COMPLETE, NULL, "t", &request), C2D_OK);
    cr_assert_null(strstr(request.url.data, "reject"));
    http_request_clear(&request);
}

Test(endpoint, requests_of_the_back_end_are_exactly_those_of_the_protocol)
{
    struct http_request r = { 0 };

    expect_request(make(&service, ENDPOINT_SEND, "d", NULL, &r), &r, "POST",
                   BASE "/devices/d/messages/deviceBound" SERVICE_V);
    expect_request(make(&service, ENDPOINT_FEEDBACK, NULL, NULL, &r), &r, "GET",
                   BASE "/messages/serviceBound/feedback" SERVICE_V);
    expect_request(make(&service, ENDPOINT_FEEDBACK_COMPLETE, NULL, "t", &r), &r, "DELETE",
                   BASE "/messages/serviceBound/feedback/t" SERVICE_V);
    expect_request(make(&service, ENDPOINT_FEEDBACK_ABANDON, NULL, "t", &r), &r, "POST",
                   BASE "/messages/serviceBound/feedback/t/abandon" SERVICE_V);
    expect_request(make(&service, ENDPOINT_PURGE, "d", NULL, &r), &r, "DELETE",
                   BASE "/devices/d/commands" SERVICE_V);
    expect_request(make(&service, ENDPOINT_DEVICE, "d", NULL, &r), &r, "GET",
                   BASE "/devices/d" SERVICE_V);
}

Test(endpoint, every_legal_character_of_a_device_id_is_escaped_once)
{
    struct http_request request = { 0 };

    expect_request(
        make(&service, ENDPOINT_PURGE, "aZ0-.+%_#*?!(),:=@$'", NULL, &request), &request, "DELETE",
        BASE "/devices/aZ0-.%2B%25_%23%2A%3F%21%28%29%2C%3A%3D%40%24%27/commands" SERVICE_V);
    expect_request(make(&service, ENDPOINT_PURGE, "a%2Bb", NULL, &request), &request, "DELETE",
                   BASE "/devices/a%252Bb/commands" SERVICE_V);
}

Test(endpoint, given_api_version_replaces_each_default)
{
    struct endpoint_target target = { &service, "2030-01-01&x", "d", NULL };
    struct http_request request = { 0 };

    expect_request(endpoint_request(&endpoints[ENDPOINT_DEVICE], &target, &request, NULL), &request,
                   "GET", BASE "/devices/d?api-version=2030-01-01%26x");
    target = (struct endpoint_target) { &device, "2030-01-01&x", NULL, NULL };
    expect_request(endpoint_request(&endpoints[ENDPOINT_RECEIVE], &target, &request, NULL),
                   &request, "GET",
                   BASE "/devices/dev1/messages/deviceBound?api-version=2030-01-01%26x");
}

Test(endpoint, older_send_names_the_device_in_a_header)
{
    struct http_request request = { 0 };

    cr_assert_eq(make(&service, ENDPOINT_SEND_OLDER, "a+b", NULL, &request), C2D_OK);
    cr_assert_eq(endpoint_name_device("a+b", &request, NULL), C2D_OK);
    cr_assert_str_eq(http_headers_get(&request.headers, "iothub-to"),
                     "/devices/a%2Bb/messages/deviceBound");
    expect_request(C2D_OK, &request, "POST", BASE "/messages/deviceBound" SERVICE_V);
}

Test(endpoint, wrong_kind_of_credentials_is_reported_before_a_request)
{
    struct http_request r = { 0 };

    cr_expect_eq(make(&device, ENDPOINT_SEND, "d", NULL, &r), C2D_CONFIG);
    cr_expect_eq(make(&device, ENDPOINT_FEEDBACK, NULL, NULL, &r), C2D_CONFIG);
    cr_expect_eq(make(&device, ENDPOINT_FEEDBACK_COMPLETE, NULL, "t", &r), C2D_CONFIG);
    cr_expect_eq(make(&device, ENDPOINT_PURGE, "d", NULL, &r), C2D_CONFIG);
    cr_expect_eq(make(&device, ENDPOINT_DEVICE, "d", NULL, &r), C2D_CONFIG);
    cr_expect_eq(make(&service, ENDPOINT_RECEIVE, NULL, NULL, &r), C2D_CONFIG);
    cr_expect_eq(make(&service, ENDPOINT_COMPLETE, NULL, "t", &r), C2D_CONFIG);
    cr_expect_null(r.url.data);
}

Test(endpoint, lock_token_that_no_hub_sends_is_refused)
{
    static const char *const tokens[] = { "", " ", "a\nb", "\xff", "a " };

    for (size_t i = 0; i < COUNT(tokens); i++) {
        struct http_request r = { 0 };

        cr_expect_eq(make(&device, ENDPOINT_COMPLETE, NULL, tokens[i], &r), C2D_DATA, "row %zu", i);
        cr_expect_eq(make(&service, ENDPOINT_FEEDBACK_ABANDON, NULL, tokens[i], &r), C2D_DATA,
                     "row %zu", i);
    }
}

Test(endpoint, device_ids_are_checked)
{
    struct http_request r = { 0 };

    cr_expect_eq(make(&service, ENDPOINT_SEND, "a/b", NULL, &r), C2D_DATA);
    cr_expect_eq(make(&service, ENDPOINT_PURGE, "..", NULL, &r), C2D_DATA);
    cr_expect_eq(make(&service, ENDPOINT_DEVICE, "", NULL, &r), C2D_DATA);
}
