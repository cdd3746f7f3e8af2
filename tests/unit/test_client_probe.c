/* c2d_probe() over a scripted hub. */
#include "../support/script.h"

#include <criterion/criterion.h>
#include <string.h>

#define NOBODYS_LOCK "00000000-0000-0000-0000-000000000000"
#define LIVE "Date: Thu, 01 Jan 2026 00:00:02 GMT"
#define TWO_HOURS_ON "Date: Thu, 01 Jan 2026 02:00:00 GMT"
#define CERTIFIED .tls_version = "TLSv1.3", .issuer = "CN=ca", .certificate_ends_at_s = 1800000000

static enum c2d_status probe_over(struct script *script, const char *connection_string,
                                  struct c2d_probe *probe, struct c2d_error *error)
{
    struct c2d_client *client = client_for_test(script, connection_string);
    enum c2d_status status = c2d_probe(client, probe, error);

    cr_expect_eq(error->status, status);
    c2d_client_free(client);
    return status;
}

Test(client_probe, probe_is_one_request_that_completes_a_lock_which_cannot_exist)
{
    static const struct {
        const char *string, *url;
        int http;
    } rows[] = {
        { DEVICE_STRING,
          "/devices/dev1/messages/deviceBound/" NOBODYS_LOCK "?api-version=2021-04-12", 412 },
        { SERVICE_STRING, "/messages/serviceBound/feedback/" NOBODYS_LOCK "?api-version=2020-09-30",
          412 },
        { DEVICE_STRING,
          "/devices/dev1/messages/deviceBound/" NOBODYS_LOCK "?api-version=2021-04-12", 204 },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct script script = { .replies = { { .status = rows[i].http } } };
        struct c2d_probe probe;
        struct c2d_error error;

        cr_expect_eq(probe_over(&script, rows[i].string, &probe, &error), C2D_OK, "row %zu", i);
        cr_expect_eq(script.request_count, 1, "row %zu", i);
        cr_expect_str_eq(script.requests[0].method, "DELETE");
        cr_expect_str_eq(script.requests[0].url + strlen("https://" HUB), rows[i].url);
        cr_expect_eq(error.step, C2D_STEP_NONE);
        cr_expect_str_eq(error.text, "");
    }
}

Test(client_probe, probe_returns_the_peer_and_its_time)
{
    struct script script = {
        .replies = { { .status = 412,
                       .headers = { LIVE },
                       .delay_ms = 3000,
                       .connection = { .address = "10.1.2.3", .port = 443, CERTIFIED } } },
    };
    struct c2d_probe probe;
    struct c2d_error error;

    cr_assert_eq(probe_over(&script, DEVICE_STRING, &probe, &error), C2D_OK);
    cr_assert_str_eq(probe.connection.address, "10.1.2.3");
    cr_assert_eq(probe.connection.port, 443);
    cr_assert_str_eq(probe.connection.issuer, "CN=ca");
    cr_assert_eq(probe.hub_time_s, SCRIPT_START_S + 2);
    cr_assert_eq(probe.own_time_s, SCRIPT_START_S + 3);
}

Test(client_probe, probe_returns_the_key_size_and_the_proxy_of_its_client)
{
    struct c2d_options options = c2d_options_default();
    struct script script = { .replies = { { .status = 412 } }, .options = &options };
    struct c2d_client *client;
    struct c2d_probe probe;

    options.proxy = "http://user:CANARY@proxy:3128";
    client = client_for_test(&script, SERVICE_STRING);
    cr_assert_eq(c2d_probe(client, &probe, NULL), C2D_OK);
    cr_assert_str_eq(c2d_client_policy(client), "service");
    cr_assert_eq(probe.key_size, strlen("canary-key-of-hub!"));
    cr_assert_eq(probe.credentials_end_at_s, 0);
    cr_assert_null(probe.certificate);
    cr_assert_str_eq(probe.proxy, "http://proxy:3128");
    c2d_client_free(client);
}

Test(client_probe, probe_returns_the_expiry_of_its_token_or_certificate)
{
    struct script script = { .replies = { { .status = 412 }, { .status = 412 } } };
    struct c2d_client *client = client_for_test(
        &script, "HostName=" HUB ";DeviceId=dev1;SharedAccessSignature=SharedAccessSignature "
                 "sr=" HUB "%2Fdevices%2Fdev1&sig=x&se=1767229200");
    struct c2d_probe probe;

    cr_assert_eq(c2d_probe(client, &probe, NULL), C2D_OK);
    cr_assert_eq(probe.key_size, 0);
    cr_assert_eq(probe.credentials_end_at_s, 1767229200);
    cr_assert_null(probe.certificate);
    cr_assert_null(probe.proxy);
    client->credentials.x509 = true;
    client->shared->certificate =
        (struct tls_certificate) { .subject = "CN=dev1", .ends_at_s = 1800000000 };
    cr_assert_eq(c2d_probe(client, &probe, NULL), C2D_OK);
    cr_assert_str_eq(probe.certificate, "CN=dev1");
    cr_assert_eq(probe.credentials_end_at_s, 1800000000);
    c2d_client_free(client);
}

Test(client_probe, probe_makes_one_attempt_whatever_fails)
{
    static const struct {
        struct script_reply reply;
        enum c2d_status status;
    } rows[] = {
        { { .failure = C2D_NETWORK }, C2D_NETWORK }, { { .silent = true }, C2D_TIMEOUT },
        { { .status = 503 }, C2D_SERVER },           { { .status = 429 }, C2D_THROTTLED },
        { { .status = 404 }, C2D_NOT_FOUND },        { { .status = 200 }, C2D_PROTOCOL },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct script script = { .replies = { rows[i].reply, { .status = 412 } } };
        struct c2d_probe probe;
        struct c2d_error error;

        cr_expect_eq(probe_over(&script, DEVICE_STRING, &probe, &error), rows[i].status,
                     "row %zu: %s", i, error.text);
        cr_expect_eq(script.request_count, 1, "row %zu", i);
    }
}

Test(client_probe, probe_follows_the_clock_of_the_hub_and_returns_its_offset)
{
    struct c2d_options options = c2d_options_default();
    struct script script = {
        .replies = { { .status = 401, .headers = { TWO_HOURS_ON } },
                     { .status = 412, .headers = { TWO_HOURS_ON } } },
        .options = &options,
    };
    struct c2d_probe probe;
    struct c2d_error error;

    options.retries = 0;
    cr_assert_eq(probe_over(&script, DEVICE_STRING, &probe, &error), C2D_OK, "%s", error.text);
    cr_assert_eq(script.request_count, 2);
    cr_assert_not_null(strstr(script.requests[1].authorization, "se=1767236400"), "%s",
                       script.requests[1].authorization);
    cr_assert_eq(probe.hub_time_s - probe.own_time_s, 7200);
}

Test(client_probe, probe_keeps_the_peer_when_the_second_attempt_fails)
{
    struct script script = {
        .replies = { { .status = 401,
                       .headers = { TWO_HOURS_ON },
                       .connection = { .address = "10.1.2.3", .port = 443, CERTIFIED } },
                     /* on the kept connection */
                     { .status = 401, .connection = { .address = "10.1.2.3", .port = 443 } } },
    };
    struct c2d_probe probe;
    struct c2d_error error;

    cr_assert_eq(probe_over(&script, DEVICE_STRING, &probe, &error), C2D_AUTH);
    cr_assert_eq(error.step, C2D_STEP_ANSWER);
    cr_assert_eq(script.request_count, 2);
    cr_assert_str_eq(probe.connection.tls_version, "TLSv1.3");
    cr_assert_eq(probe.hub_time_s - probe.own_time_s, 7200);
}

Test(client_probe, probe_ignores_a_date_that_proves_nothing)
{
    static const struct script_reply replies[] = {
        { .status = 412 },
        { .status = 412, .headers = { "Date: yesterday" } },
        { .status = 412, .headers = { "Date: Tue, 01 Jan 2999 00:00:00 GMT" } },
        { .status = 412, .headers = { TWO_HOURS_ON, "Age: 10" } },
    };

    for (size_t i = 0; i < COUNT(replies); i++) {
        struct script script = { .replies = { replies[i] } };
        struct c2d_probe probe;
        struct c2d_error error;

        cr_expect_eq(probe_over(&script, DEVICE_STRING, &probe, &error), C2D_OK, "row %zu", i);
        cr_expect_eq(probe.hub_time_s, 0, "row %zu", i);
    }
}

Test(client_probe, cancel_ends_a_probe_at_once)
{
    struct c2d_options options = c2d_options_default();
    struct script script = { .replies = { { .cancels = true, .silent = true } },
                             .options = &options };
    struct c2d_probe probe;
    struct c2d_error error;

    options.cancel_fd = script_cancel_fd(&script);
    cr_assert_eq(probe_over(&script, DEVICE_STRING, &probe, &error), C2D_CANCELLED);
    cr_assert_eq(script.cancelled, 1);
    cr_assert_eq(script.now_ms, 0);
}
