#include "../../src/lib/http_failure.h"

#include "../support/table.h"

#include <criterion/criterion.h>
#include <string.h>

#define HOST "hub.azure-devices.net:8443"
#define PROXY "http://proxy:3128"
#define SECURE "https://proxy:3129"
#define SOCKS "socks5h://proxy:1080"

/* proxy: its name, "" for none; a name behind "u@" has credentials. */
static void describe(const char *proxy_url, struct http_failure failure, struct c2d_error *error)
{
    static const struct tls_verdict no_tls = { 0 };
    static const struct c2d_error whole = { 0 };
    struct http_request request = { .method = "GET" };
    struct proxy proxy = { 0 };

    buf_text(&request.url, "https://" HOST);
    request.path_at = request.url.size;
    buf_text(&request.url, "/devices/dev1?api-version=x");
    proxy_choose(&proxy, &(struct c2d_options) { .proxy = proxy_url }, HOST, NULL);
    failure.request = &request;
    failure.proxy = &proxy;
    failure.tls = failure.tls == NULL ? &no_tls : failure.tls;
    failure.broken = failure.broken == NULL ? &whole : failure.broken;
    failure.detail = "in its own words";
    *error = (struct c2d_error) { 0 };
    http_failure_describe(&failure, error);
    http_request_clear(&request);
    proxy_clear(&proxy);
}

static const struct tls_verdict begun = { .begun = true };
static const struct tls_verdict refused = { .begun = true, .refused = true };
static const struct tls_verdict alert = { .begun = true, .alert = "expired" };

#define VERDICT(kind, why)                                                                         \
    {                                                                                              \
        .begun = true, .refused = true, .fault = (kind), .reason = (why), .subject = "CN=hub",     \
        .issuer = "CN=Corporate Proxy",                                                            \
    }
static const struct tls_verdict no_issuer = VERDICT(TLS_NO_ISSUER, "no issuer");
static const struct tls_verdict self_signed = VERDICT(TLS_SELF_SIGNED, "self-signed");
static const struct tls_verdict expired = VERDICT(TLS_EXPIRED, "too late");
static const struct tls_verdict early = VERDICT(TLS_NOT_YET_VALID, "too early");
static const struct tls_verdict weak = VERDICT(TLS_WEAK, "too weak");
static const struct tls_verdict other_fault = VERDICT(TLS_OTHER_FAULT, "no CA");
static const struct tls_verdict other_name = VERDICT(TLS_NO_FAULT, NULL);

static const struct {
    const char *proxy;
    struct http_failure failure;
    enum c2d_status status;
    bool retryable;
    const char *text, *hint; /* text: how it begins; hint: a piece of it */
} rows[] = {
    { "",
      { .kind = HTTP_NO_NAME },
      C2D_NETWORK,
      true,
      "cannot find the address of " HOST,
      "HostName" },
    { PROXY,
      { .kind = HTTP_NO_NAME },
      C2D_NETWORK,
      true,
      "cannot find the address of the proxy " PROXY,
      "https_proxy" },
    { "",
      { .kind = HTTP_NO_CONNECTION },
      C2D_NETWORK,
      true,
      "cannot connect to " HOST ": in its own words",
      "443" },
    { PROXY,
      { .kind = HTTP_NO_CONNECTION },
      C2D_NETWORK,
      true,
      "cannot connect to the proxy " PROXY ":",
      "is it up" },
    { "",
      { .kind = HTTP_CONNECT_TIMEOUT, .connected = true },
      C2D_NETWORK,
      true,
      "no connection in time to " HOST,
      "443" },
    { PROXY,
      { .kind = HTTP_CONNECT_TIMEOUT },
      C2D_NETWORK,
      true,
      "no connection in time to the proxy " PROXY,
      "is it up" },
    { PROXY,
      { .kind = HTTP_CONNECT_TIMEOUT, .connected = true },
      C2D_NETWORK,
      true,
      "cannot connect to " HOST " through the proxy " PROXY,
      "does not get through" },
    { "", { .kind = HTTP_CUT }, C2D_NETWORK, true, "the connection was lost", "" },
    { PROXY,
      { .kind = HTTP_CUT },
      C2D_NETWORK,
      true,
      "the connection was lost before the whole answer came from the proxy " PROXY,
      "kind" },
    { PROXY,
      { .kind = HTTP_CUT, .proxy_status = 200 },
      C2D_NETWORK,
      true,
      "the connection was lost before the whole answer came from " HOST " through the proxy " PROXY,
      "" },
    { PROXY,
      { .kind = HTTP_CUT, .written = true },
      C2D_NETWORK,
      true,
      "the connection was lost before the whole answer came from " HOST,
      "" },
    { SOCKS,
      { .kind = HTTP_CUT, .tls = &begun },
      C2D_NETWORK,
      true,
      "the connection was lost before the whole answer came from " HOST " through the proxy " SOCKS,
      "" },
    { SECURE,
      { .kind = HTTP_CUT, .tls = &begun },
      C2D_NETWORK,
      true,
      "the connection was lost before the whole answer came from the proxy " SECURE,
      "kind" },
    { "", { .kind = HTTP_STALLED }, C2D_NETWORK, true, "nothing came for 30 s from " HOST, "" },
    { "", { .kind = HTTP_TIMEOUT }, C2D_TIMEOUT, true, "no answer in time from " HOST, "" },
    { PROXY,
      { .kind = HTTP_TIMEOUT },
      C2D_TIMEOUT,
      true,
      "no answer in time from the proxy " PROXY,
      "" },
    { "",
      { .kind = HTTP_NOT_HTTP },
      C2D_PROTOCOL,
      false,
      "nothing like HTTP comes from " HOST,
      "" },
    { "", { .kind = HTTP_BAD_FILE }, C2D_CONFIG, false, "a certificate file", "" },
    { "", { .kind = HTTP_NO_MEMORY }, C2D_OS, false, "out of memory", "" },
    { PROXY,
      { .kind = HTTP_CUT, .proxy_status = 407 },
      C2D_AUTH,
      false,
      "user and password are asked for by the proxy " PROXY,
      "--proxy-user-file" },
    { "http://u:pw@proxy:3128",
      { .kind = HTTP_CUT, .proxy_status = 407 },
      C2D_AUTH,
      false,
      "user and password are refused by the proxy " PROXY,
      "--proxy-user-file" },
    { PROXY,
      { .kind = HTTP_CUT, .proxy_status = 403 },
      C2D_NETWORK,
      false,
      "no connection is allowed to " HOST " through the proxy " PROXY,
      "administrator" },
    { PROXY,
      { .kind = HTTP_CUT, .proxy_status = 503 },
      C2D_NETWORK,
      true,
      "cannot connect to " HOST " through the proxy " PROXY,
      "does not get through" },
    { SOCKS,
      { .kind = HTTP_CUT, .proxy_status = 502 },
      C2D_NETWORK,
      true,
      "cannot connect to " HOST " through the proxy " SOCKS,
      "does not get through" },
    { "",
      { .kind = HTTP_NO_TLS, .tls = &begun },
      C2D_NETWORK,
      true,
      "the connection was lost",
      "" },
    { "",
      { .kind = HTTP_NO_TLS, .tls = &refused },
      C2D_TLS,
      false,
      "cannot talk TLS with " HOST,
      "TLS 1.2" },
    { SECURE,
      { .kind = HTTP_NO_TLS, .tls = &refused },
      C2D_TLS,
      false,
      "cannot talk TLS with the proxy " SECURE,
      "http://" },
    { "",
      { .kind = HTTP_CUT, .tls = &alert, .written = true },
      C2D_TLS,
      false,
      "this device's certificate is refused by " HOST,
      "valid" },
    { "",
      { .kind = HTTP_NOT_TRUSTED, .tls = &no_issuer },
      C2D_TLS,
      false,
      "cannot trust the certificate of " HOST
      ": no issuer (subject CN=hub, issuer CN=Corporate Proxy)",
      "pass its root with --cacert" },
    { "", { .kind = HTTP_NOT_TRUSTED, .tls = &no_issuer }, C2D_TLS, false, "", "intermediate" },
    { "",
      { .kind = HTTP_NOT_TRUSTED, .tls = &self_signed },
      C2D_TLS,
      false,
      "",
      "pass its root with --cacert" },
    { SECURE,
      { .kind = HTTP_NOT_TRUSTED, .tls = &no_issuer },
      C2D_TLS,
      false,
      "cannot trust the certificate of the proxy " SECURE ": no issuer",
      "the hub's root then too" },
    { SECURE,
      { .kind = HTTP_NOT_TRUSTED, .tls = &no_issuer, .proxy_status = 200 },
      C2D_TLS,
      false,
      "cannot trust the certificate of " HOST " through the proxy " SECURE,
      "inspecting" },
    { SECURE, { .kind = HTTP_NOT_TRUSTED, .tls = &expired }, C2D_TLS, false, "", "renewed" },
    { "", { .kind = HTTP_NOT_TRUSTED, .tls = &expired }, C2D_TLS, false, "", "renewed" },
    { "", { .kind = HTTP_NOT_TRUSTED, .tls = &early }, C2D_TLS, false, "", "clock" },
    { "", { .kind = HTTP_NOT_TRUSTED, .tls = &weak }, C2D_TLS, false, "", "SHA-256" },
    { "", { .kind = HTTP_NOT_TRUSTED, .tls = &other_fault }, C2D_TLS, false, "", "put right" },
    { "",
      { .kind = HTTP_NOT_TRUSTED, .tls = &other_name },
      C2D_TLS,
      false,
      "cannot trust the certificate of " HOST ": in its own words (subject CN=hub",
      "another name" },
};

Test(http_failure, every_kind_has_its_status_and_says_what_to_do)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct c2d_error error;

        describe(rows[i].proxy, rows[i].failure, &error);
        cr_expect_eq(error.status, rows[i].status, "row %zu: %s", i, error.text);
        cr_expect_eq(error.retryable, rows[i].retryable, "row %zu", i);
        cr_expect_eq(strncmp(error.text, rows[i].text, strlen(rows[i].text)), 0, "row %zu: %s", i,
                     error.text);
        cr_expect_not_null(strstr(error.hint, rows[i].hint), "row %zu: %s", i, error.hint);
        cr_expect_null(strstr(error.text, "api-version"), "row %zu: %s", i, error.text);
        cr_expect_null(strstr(error.text, "pw"), "row %zu: %s", i, error.text);
    }
}

Test(http_failure, refused_answer_keeps_the_reason_of_its_reader)
{
    struct c2d_error broken = { .status = C2D_PROTOCOL, .text = "the answer has two lengths" };
    struct c2d_error error;

    describe("", (struct http_failure) { .kind = HTTP_CUT, .broken = &broken }, &error);
    cr_assert_eq(error.status, C2D_PROTOCOL);
    cr_assert_not(error.retryable);
    cr_assert_not_null(strstr(error.text, "two lengths"), "%s", error.text);
    broken.status = C2D_OS;
    describe("", (struct http_failure) { .kind = HTTP_CUT, .broken = &broken }, &error);
    cr_assert_eq(error.status, C2D_OS);
}
