#include "../../src/lib/http_failure.h"

#include "../support/table.h"

#include <criterion/criterion.h>
#include <string.h>

#define HOST "hub.azure-devices.net:8443"

static void describe(struct http_failure failure, struct c2d_error *error)
{
    struct http_request request = { .method = "GET" };

    buf_text(&request.url, "https://" HOST);
    request.path_at = request.url.size;
    buf_text(&request.url, "/devices/dev1?api-version=x");
    failure.request = &request;
    if (failure.detail == NULL)
        failure.detail = "in its own words";
    *error = (struct c2d_error) { 0 };
    http_failure_describe(&failure, error);
    http_request_clear(&request);
}

static const struct tls_verdict no_tls = { .refused = true };
static const struct tls_verdict no_issuer = {
    .refused = true,
    .no_issuer = true,
    .reason = "no issuer",
    .subject = "CN=hub",
    .issuer = "CN=Corporate Proxy",
};
static const struct tls_verdict expired = {
    .refused = true,
    .expired = true,
    .reason = "expired",
    .subject = "CN=hub",
    .issuer = "CN=CA",
};
static const struct tls_verdict early = {
    .refused = true,
    .not_yet_valid = true,
    .reason = "early",
    .subject = "CN=hub",
    .issuer = "CN=CA",
};
static const struct tls_verdict other_name = {
    .refused = true,
    .subject = "CN=other",
    .issuer = "CN=CA",
};

static const struct {
    struct http_failure failure;
    enum c2d_status status;
    bool retryable;
    const char *text, *hint; /* pieces of them */
} rows[] = {
    { { .kind = HTTP_NO_NAME }, C2D_NETWORK, true, "address of " HOST, "HostName" },
    { { .kind = HTTP_NO_PROXY_NAME }, C2D_NETWORK, true, "the proxy", "https_proxy" },
    { { .kind = HTTP_NO_CONNECTION }, C2D_NETWORK, true, HOST ": in its own words", "" },
    { { .kind = HTTP_CUT }, C2D_NETWORK, true, "lost", "" },
    { { .kind = HTTP_CONNECT_TIMEOUT }, C2D_NETWORK, true, HOST, "443" },
    { { .kind = HTTP_STALLED }, C2D_NETWORK, true, "30 s", "" },
    { { .kind = HTTP_TIMEOUT }, C2D_TIMEOUT, true, HOST, "" },
    { { .kind = HTTP_NOT_HTTP }, C2D_PROTOCOL, false, "not HTTP", "" },
    { { .kind = HTTP_NO_MEMORY }, C2D_OS, false, "memory", "" },
    { { .kind = HTTP_PROXY_REFUSED, .proxy_status = 407 },
      C2D_AUTH,
      false,
      "407",
      "--proxy-user-file" },
    { { .kind = HTTP_PROXY_REFUSED, .proxy_status = 407, .proxy_has_user = true },
      C2D_AUTH,
      false,
      "refused the credentials",
      "right?" },
    { { .kind = HTTP_NO_TRUST_STORE }, C2D_CONFIG, false, "certificates", "" },
    { { .kind = HTTP_PROXY_REFUSED, .proxy_status = 403 },
      C2D_NETWORK,
      false,
      "HTTP 403",
      "CONNECT to " HOST },
    { { .kind = HTTP_PROXY_REFUSED, .proxy_status = 503 }, C2D_NETWORK, true, "HTTP 503", "" },
    { { .kind = HTTP_PROXY_REFUSED }, C2D_NETWORK, true, "in its own words", "" },
    { { .kind = HTTP_NOT_TRUSTED, .tls = &no_tls }, C2D_TLS, false, HOST, "TLS 1.2" },
    { { .kind = HTTP_NOT_TRUSTED, .tls = &no_issuer },
      C2D_TLS,
      false,
      "CN=Corporate Proxy",
      "--cacert" },
    { { .kind = HTTP_NOT_TRUSTED, .tls = &expired }, C2D_TLS, false, "expired", "renewed" },
    { { .kind = HTTP_NOT_TRUSTED, .tls = &early }, C2D_TLS, false, "early", "clock" },
    { { .kind = HTTP_NOT_TRUSTED, .tls = &other_name },
      C2D_TLS,
      false,
      "CN=other",
      "another name" },
};

Test(http_failure, every_kind_has_its_status_and_says_what_to_do)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct c2d_error error;

        describe(rows[i].failure, &error);
        cr_expect_eq(error.status, rows[i].status, "row %zu: %s", i, error.text);
        cr_expect_eq(error.retryable, rows[i].retryable, "row %zu", i);
        cr_expect_not_null(strstr(error.text, rows[i].text), "row %zu: %s", i, error.text);
        cr_expect_not_null(strstr(error.hint, rows[i].hint), "row %zu: %s", i, error.hint);
        cr_expect_null(strstr(error.text, "api-version"), "row %zu: %s", i, error.text);
    }
}

Test(http_failure, refused_answer_keeps_the_reason_of_its_reader)
{
    struct c2d_error broken = { .status = C2D_PROTOCOL, .text = "the answer has two lengths" };
    struct c2d_error error;

    describe((struct http_failure) { .kind = HTTP_BROKEN, .broken = &broken }, &error);
    cr_assert_eq(error.status, C2D_PROTOCOL);
    cr_assert_not(error.retryable);
    cr_assert_not_null(strstr(error.text, "two lengths"), "%s", error.text);
    broken.status = C2D_OS;
    describe((struct http_failure) { .kind = HTTP_BROKEN, .broken = &broken }, &error);
    cr_assert_eq(error.status, C2D_OS);
}
