#include "http/http_failure.h"

#include "../support/table.h"

#include <criterion/criterion.h>
#include <string.h>

#define HOST "hub.azure-devices.net:8443"
#define PROXY "http://proxy:3128"
#define SECURE "https://proxy:3129"
#define SOCKS "socks5h://proxy:1080"
#define LOST "the connection was lost before the whole response from "
#define NO_TRUST "cannot trust the certificate of "

/* proxy: its name, "" for none; a name after "u@" has credentials. */
static void describe(const char *proxy_url, struct http_failure failure, struct c2d_error *error)
{
    static const struct tls_verdict no_tls = { 0 };
    static const struct c2d_error whole = { 0 };
    struct http_request request = { .method = "GET" };
    struct proxy proxy = { 0 };

    buf_text(&request.url, "https://" HOST);
    request.path_at = request.url.size;
    buf_text(&request.url, "/devices/dev1?api-version=x");
    proxy_choose(&proxy,
                 &(struct c2d_options) { .size = sizeof(struct c2d_options), .proxy = proxy_url },
                 HOST, NULL);
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

static const struct tls_verdict started = { .started = true };
static const struct tls_verdict refused = { .started = true, .refused = true };
static const struct tls_verdict alert = { .started = true, .alert = "expired" };

#define VERDICT(kind, why)                                                                         \
    {                                                                                              \
        .started = true, .refused = true, .fault = (kind), .reason = (why),                        \
        .certificate = { .subject = "CN=hub", .issuer = "CN=Corporate Proxy" },                    \
    }
static const struct tls_verdict no_issuer = VERDICT(TLS_NO_ISSUER, "no issuer");
static const struct tls_verdict self_signed = VERDICT(TLS_SELF_SIGNED, "self-signed");
static const struct tls_verdict expired = VERDICT(TLS_EXPIRED, "too late");
static const struct tls_verdict early = VERDICT(TLS_NOT_YET_VALID, "too early");
static const struct tls_verdict weak = VERDICT(TLS_WEAK, "too weak");
static const struct tls_verdict other_fault = VERDICT(TLS_OTHER_FAULT, "no CA");
static const struct tls_verdict other_name = VERDICT(TLS_NO_FAULT, NULL);

#define NAMED .named = true
#define CONNECTED NAMED, .connected = true
#define WRITTEN CONNECTED, .written = true

/* clang-format off */
static const struct {
    const char *proxy;
    struct http_failure failure;
    enum c2d_status status;
    bool retryable;
    const char *text, *hint; /* text: how it begins; hint: a piece of it */
} rows[] = {
    { "", { .kind = HTTP_NO_NAME }, C2D_NETWORK, true,
      "cannot find the address of " HOST ": in its own words", "HostName" },
    { PROXY, { .kind = HTTP_NO_NAME }, C2D_NETWORK, true,
      "cannot find the address of the proxy " PROXY ": in its own words", "proxy address" },
    { "", { .kind = HTTP_NO_CONNECTION }, C2D_NETWORK, true, "cannot connect to " HOST, "443" },
    { PROXY, { .kind = HTTP_NO_CONNECTION }, C2D_NETWORK, true,
      "cannot connect to the proxy " PROXY, "check that it is running" },
    { "", { .kind = HTTP_CONNECT_TIMEOUT }, C2D_NETWORK, true,
      "cannot find the address of " HOST, "name server" },
    { "", { .kind = HTTP_CONNECT_TIMEOUT, NAMED }, C2D_NETWORK, true,
      "timed out connecting to " HOST, "443" },
    { "", { .kind = HTTP_CONNECT_TIMEOUT, CONNECTED }, C2D_NETWORK, true,
      "TLS handshake timed out with " HOST, "firewall" },
    { PROXY, { .kind = HTTP_CONNECT_TIMEOUT, NAMED }, C2D_NETWORK, true,
      "timed out connecting to the proxy " PROXY, "check that it is running" },
    { PROXY, { .kind = HTTP_CONNECT_TIMEOUT, CONNECTED, .proxy_status = 200 }, C2D_NETWORK, true,
      "TLS handshake timed out with " HOST " through the proxy " PROXY, "firewall" },
    { PROXY, { .kind = HTTP_CONNECT_TIMEOUT, CONNECTED }, C2D_NETWORK, true,
      "cannot connect to " HOST " through the proxy " PROXY, "could not reach the hub" },
    { "", { .kind = HTTP_STALLED }, C2D_NETWORK, true, "no data for 30 s from " HOST, "" },
    { "", { .kind = HTTP_TIMEOUT, WRITTEN }, C2D_TIMEOUT, true, "no response in time from " HOST,
      "" },
    { "", { .kind = HTTP_TIMEOUT }, C2D_TIMEOUT, true,
      "cannot find the address of " HOST, "name server" },
    { "", { .kind = HTTP_TIMEOUT, NAMED }, C2D_TIMEOUT, true,
      "timed out connecting to " HOST, "443" },
    { "", { .kind = HTTP_TIMEOUT, CONNECTED }, C2D_TIMEOUT, true,
      "TLS handshake timed out with " HOST, "firewall" },
    { PROXY, { .kind = HTTP_TIMEOUT, NAMED }, C2D_TIMEOUT, true,
      "timed out connecting to the proxy " PROXY, "check that it is running" },
    { PROXY, { .kind = HTTP_TIMEOUT, CONNECTED }, C2D_TIMEOUT, true,
      "no response in time from the proxy " PROXY, "check that it is running" },
    { PROXY, { .kind = HTTP_TIMEOUT, CONNECTED, .proxy_status = 200 }, C2D_TIMEOUT, true,
      "TLS handshake timed out with " HOST " through the proxy " PROXY, "firewall" },
    { "", { .kind = HTTP_NOT_HTTP }, C2D_PROTOCOL, false,
      "not an HTTP response from " HOST, "" },
    { "", { .kind = HTTP_BAD_FILE }, C2D_CONFIG, false, "cannot use a certificate file", "" },
    { "", { .kind = HTTP_NO_MEMORY }, C2D_OS, false, "out of memory", "" },

    /* The peer that closed the connection. */
    { "", { .kind = HTTP_LOST }, C2D_NETWORK, true, LOST HOST ": ", "" },
    { "", { .kind = HTTP_LOST, CONNECTED }, C2D_NETWORK, true,
      "the connection was lost in the TLS handshake with " HOST ": ", "firewall" },
    { PROXY, { .kind = HTTP_LOST, CONNECTED, .proxy_status = 200 }, C2D_NETWORK, true,
      "the connection was lost in the TLS handshake with " HOST " through the proxy " PROXY ": ",
      "firewall" },
    { PROXY, { .kind = HTTP_LOST, CONNECTED }, C2D_NETWORK, true, LOST "the proxy " PROXY,
      "the right kind" },
    { "", { .kind = HTTP_STALE, .written = true }, C2D_NETWORK, true,
      "a reused connection was lost before a response from " HOST ": ", "" },
    { "", { .kind = HTTP_NO_THREAD }, C2D_NETWORK, true,
      "cannot start a thread to look up " HOST ": ", "TasksMax" },
    { PROXY, { .kind = HTTP_NO_THREAD }, C2D_NETWORK, true,
      "cannot start a thread to look up the proxy " PROXY ": ", "pids" },
    { PROXY, { .kind = HTTP_LOST }, C2D_NETWORK, true, LOST "the proxy " PROXY, "the right kind" },
    { PROXY, { .kind = HTTP_LOST, .proxy_status = 200 }, C2D_NETWORK, true,
      LOST HOST " through the proxy " PROXY, "" },
    { PROXY, { .kind = HTTP_LOST, .written = true }, C2D_NETWORK, true,
      LOST HOST " through the proxy " PROXY, "" },
    { SOCKS, { .kind = HTTP_LOST, .tls = &started }, C2D_NETWORK, true,
      LOST HOST " through the proxy " SOCKS, "" },
    { SECURE, { .kind = HTTP_LOST, .tls = &started }, C2D_NETWORK, true,
      LOST "the proxy " SECURE, "the right kind" },

    /* Responses of the proxy. */
    { PROXY, { .kind = HTTP_LOST, .proxy_status = 407 }, C2D_AUTH, false,
      "proxy authentication required by the proxy " PROXY ": ", "proxy user and password" },
    { "http://u:pw@proxy:3128", { .kind = HTTP_LOST, .proxy_status = 407 }, C2D_AUTH, false,
      "no usable authentication method offered by the proxy " PROXY ": ", "Kerberos" },
    { "http://u:pw@proxy:3128",
      { .kind = HTTP_LOST, .proxy_status = 407, .credentials_used = true }, C2D_AUTH, false,
      "proxy authentication refused by the proxy " PROXY ": ", "proxy user and password" },
    { PROXY, { .kind = HTTP_LOST, .proxy_status = 403 }, C2D_NETWORK, false,
      "the proxy refused to connect to " HOST " through the proxy " PROXY, "administrator" },
    { PROXY, { .kind = HTTP_LOST, .proxy_status = 503 }, C2D_NETWORK, true,
      "cannot connect to " HOST " through the proxy " PROXY, "could not reach the hub" },

    /* TLS. */
    { "", { .kind = HTTP_NO_TLS, .tls = &started }, C2D_NETWORK, true, LOST HOST, "" },
    { "", { .kind = HTTP_NO_TLS, .tls = &refused }, C2D_TLS, false,
      "TLS handshake failed with " HOST, "TLS 1.2" },
    { "", { .kind = HTTP_OLD_TLS, .tls = &refused }, C2D_TLS, false,
      "TLS handshake failed with " HOST, "secure renegotiation" },
    { SECURE, { .kind = HTTP_NO_TLS, .tls = &refused }, C2D_TLS, false,
      "TLS handshake failed with the proxy " SECURE, "http://" },
    { "", { .kind = HTTP_LOST, .tls = &alert, .written = true }, C2D_TLS, false,
      "client certificate refused by " HOST, "valid" },
    { "", { .kind = HTTP_NOT_TRUSTED, .tls = &no_issuer }, C2D_TLS, false,
      NO_TRUST HOST ": no issuer (subject CN=hub, issuer CN=Corporate Proxy)",
      "pass its root in a CA file" },
    { SECURE, { .kind = HTTP_NOT_TRUSTED, .tls = &no_issuer }, C2D_TLS, false,
      NO_TRUST "the proxy " SECURE ": no issuer", "also hold the hub's root" },
    { SECURE, { .kind = HTTP_NO_TLS, .tls = &no_issuer, .proxy_status = 200 }, C2D_TLS, false,
      NO_TRUST HOST " through the proxy " SECURE, "intermediate" },
    { "", { .kind = HTTP_NOT_TRUSTED, .tls = &self_signed }, C2D_TLS, false, NO_TRUST,
      "pass its root in a CA file" },
    { "", { .kind = HTTP_NOT_TRUSTED, .tls = &expired }, C2D_TLS, false, NO_TRUST, "renewed" },
    { SECURE, { .kind = HTTP_NOT_TRUSTED, .tls = &expired }, C2D_TLS, false, NO_TRUST, "renewed" },
    { "", { .kind = HTTP_NOT_TRUSTED, .tls = &early }, C2D_TLS, false, NO_TRUST, "clock" },
    { "", { .kind = HTTP_NOT_TRUSTED, .tls = &weak }, C2D_TLS, false, NO_TRUST, "SHA-256" },
    { "", { .kind = HTTP_NOT_TRUSTED, .tls = &other_fault }, C2D_TLS, false, NO_TRUST,
      "replaced" },
    { "", { .kind = HTTP_NOT_TRUSTED, .tls = &other_name }, C2D_TLS, false,
      NO_TRUST HOST ": in its own words (subject CN=hub", "another name" },
};
/* clang-format on */

Test(http_failure, every_kind_of_failure_has_its_status_and_hint)
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

Test(http_failure, refused_response_keeps_the_reason_of_its_reader)
{
    struct c2d_error broken = { .status = C2D_PROTOCOL, .text = "the response has two lengths" };
    struct c2d_error error;

    describe("", (struct http_failure) { .kind = HTTP_LOST, .broken = &broken }, &error);
    cr_assert_eq(error.status, C2D_PROTOCOL);
    cr_assert_not(error.retryable);
    cr_assert_not_null(strstr(error.text, "two lengths"), "%s", error.text);
    broken.status = C2D_OS;
    describe("", (struct http_failure) { .kind = HTTP_LOST, .broken = &broken }, &error);
    cr_assert_eq(error.status, C2D_OS);
}

static const struct {
    const char *what, *proxy;
    struct http_failure failure;
    enum c2d_step step;
} steps[] = {
    { "no address", "", { .kind = HTTP_NO_NAME }, C2D_STEP_NAME },
    { "no address in time", "", { .kind = HTTP_TIMEOUT }, C2D_STEP_NAME },
    { "nobody there", "", { .kind = HTTP_NO_CONNECTION, NAMED }, C2D_STEP_CONNECTION },
    { "no proxy there", PROXY, { .kind = HTTP_NO_CONNECTION, NAMED }, C2D_STEP_CONNECTION },
    { "CONNECT refused",
      PROXY,
      { .kind = HTTP_LOST, CONNECTED, .proxy_status = 403 },
      C2D_STEP_CONNECTION },
    { "TLS of the proxy",
      SECURE,
      { .kind = HTTP_NO_TLS, CONNECTED, .tls = &no_issuer },
      C2D_STEP_CONNECTION },
    { "TLS behind the proxy",
      SECURE,
      { .kind = HTTP_NO_TLS, CONNECTED, .tls = &no_issuer, .proxy_status = 200 },
      C2D_STEP_TLS },
    { "silence", "", { .kind = HTTP_CONNECT_TIMEOUT, CONNECTED }, C2D_STEP_TLS },
    { "not trusted", "", { .kind = HTTP_NOT_TRUSTED, CONNECTED, .tls = &expired }, C2D_STEP_TLS },
    { "our certificate", "", { .kind = HTTP_LOST, WRITTEN, .tls = &alert }, C2D_STEP_TLS },
    { "no answer", "", { .kind = HTTP_TIMEOUT, WRITTEN }, C2D_STEP_ANSWER },
    { "no memory", "", { .kind = HTTP_NO_MEMORY, WRITTEN }, C2D_STEP_NONE },
};

Test(http_failure, failed_step_is_the_one_after_the_last_success)
{
    for (size_t i = 0; i < COUNT(steps); i++) {
        struct c2d_error error;

        describe(steps[i].proxy, steps[i].failure, &error);
        cr_expect_eq(error.step, steps[i].step, "%s: %d", steps[i].what, (int)error.step);
    }
}

Test(http_failure, issuer_missing_in_a_store_of_the_environment_names_the_variables)
{
    struct http_failure failure = { .kind = HTTP_NOT_TRUSTED, CONNECTED, .tls = &no_issuer };
    struct c2d_error error;

    describe("", failure, &error);
    cr_assert_null(strstr(error.hint, "SSL_CERT_FILE"), "%s", error.hint);
    failure.ca_from_environment = true;
    describe("", failure, &error);
    cr_assert_not_null(strstr(error.hint, "SSL_CERT_FILE"), "%s", error.hint);
    failure.tls = &expired;
    describe("", failure, &error);
    cr_assert_null(strstr(error.hint, "SSL_CERT_FILE"), "%s", error.hint);
}
