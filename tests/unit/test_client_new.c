/* c2d_client_new(): accepted options and credentials. */
#include "../support/script.h"

#include <criterion/criterion.h>
#include <string.h>

#define X509 "HostName=h;DeviceId=d;x509=true"

static enum c2d_status make(const char *text, const struct c2d_options *options,
                            struct script *script, struct c2d_error *error)
{
    struct http_transport transport = script_transport(script);
    struct clock clock = script_clock(script);
    struct c2d_client *client = (struct c2d_client *)script; /* to be overwritten */
    enum c2d_status status = client_new_over(&client, text, options, &transport, &clock, error);

    cr_expect_eq(client == NULL, status != C2D_OK, "%s", text);
    cr_expect_eq(script->destroyed, status != C2D_OK, "the transport must not be leaked");
    c2d_client_free(client);
    return status;
}

Test(client_new, connection_string_of_the_other_kind_is_refused_and_named)
{
    static const struct {
        enum c2d_role role;
        const char *text;
        enum c2d_status status;
        const char *mentions;
    } rows[] = {
        { C2D_ROLE_ANY, DEVICE_STRING, C2D_OK, "" },
        { C2D_ROLE_ANY, SERVICE_STRING, C2D_OK, "" },
        { C2D_ROLE_DEVICE, DEVICE_STRING, C2D_OK, "" },
        { C2D_ROLE_SERVICE, SERVICE_STRING, C2D_OK, "" },
        { C2D_ROLE_DEVICE, SERVICE_STRING, C2D_CONFIG, "this is a hub policy's" },
        { C2D_ROLE_SERVICE, DEVICE_STRING, C2D_CONFIG, "this is a device's" },
        { C2D_ROLE_ANY, "nonsense", C2D_CONFIG, "part 1" },
        { C2D_ROLE_ANY, X509, C2D_CONFIG, "needs a certificate and a key" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct c2d_options options = c2d_options_default();
        struct script script = { 0 };
        struct c2d_error error;

        options.role = rows[i].role;
        cr_expect_eq(make(rows[i].text, &options, &script, &error), rows[i].status, "row %zu", i);
        cr_expect_not_null(strstr(error.text, rows[i].mentions), "row %zu: %s", i, error.text);
    }
}

Test(client_new, refusal_names_the_string_or_the_key_as_the_failed_step_or_neither)
{
    static const struct {
        enum c2d_role role;
        const char *text, *cert_file, *connect_to;
        enum c2d_step step;
    } rows[] = {
        { C2D_ROLE_DEVICE, DEVICE_STRING, NULL, NULL, C2D_STEP_NONE },
        { C2D_ROLE_ANY, NULL, NULL, NULL, C2D_STEP_CONNECTION_STRING },
        { C2D_ROLE_ANY, "HostName=h", NULL, NULL, C2D_STEP_CONNECTION_STRING },
        { C2D_ROLE_SERVICE, DEVICE_STRING, NULL, NULL, C2D_STEP_CONNECTION_STRING },
        { C2D_ROLE_ANY, "HostName=h;DeviceId=d;SharedAccessKey=a", NULL, NULL, C2D_STEP_KEY },
        { C2D_ROLE_ANY, "HostName=h;DeviceId=d;SharedAccessSignature=a", NULL, NULL, C2D_STEP_KEY },
        { C2D_ROLE_ANY, X509, NULL, NULL, C2D_STEP_KEY },
        { C2D_ROLE_ANY, X509, "cert.pem", NULL, C2D_STEP_KEY },
        { C2D_ROLE_ANY, DEVICE_STRING, NULL, "nowhere", C2D_STEP_NONE },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct c2d_options options = c2d_options_default();
        struct script script = { 0 };
        struct c2d_error error;

        options.role = rows[i].role;
        options.cert_file = rows[i].cert_file;
        options.connect_to = rows[i].connect_to;
        make(rows[i].text, &options, &script, &error);
        cr_expect_eq(error.step, rows[i].step, "row %zu: %s", i, error.text);
    }
}

Test(client_new, options_are_checked)
{
    static const struct {
        struct c2d_options changes; /* what is not 0 or NULL replaces the default */
        enum c2d_status status;
    } rows[] = {
        { { .proxy = "" }, C2D_OK },
        { { .proxy = "http://p" }, C2D_OK },
        { { .proxy = "HTTPS://p:8080" }, C2D_OK },
        { { .proxy = "ftp://p:8080" }, C2D_CONFIG },
        { { .proxy = "http://user:password@" }, C2D_CONFIG },
        { { .connect_to = "localhost:8443" }, C2D_OK },
        { { .connect_to = "localhost" }, C2D_USAGE },
        { { .connect_to = ":8443" }, C2D_USAGE },
        { { .connect_to = "[::1]:8443" }, C2D_OK },
        { { .connect_to = "::1:8443" }, C2D_USAGE },
        { { .connect_to = "[::1:8443" }, C2D_USAGE },
        { { .connect_to = "a:b:8443" }, C2D_USAGE },
        { { .connect_to = "[]:8443" }, C2D_USAGE },
        { { .connect_to = "a]:8443" }, C2D_USAGE },
        { { .connect_to = "localhost:0" }, C2D_USAGE },
        { { .connect_to = "localhost:65536" }, C2D_USAGE },
        { { .connect_to = "https://localhost:8443" }, C2D_USAGE },
        { { .api_version = "2030-01-01" }, C2D_OK },
        { { .api_version = "a\nb" }, C2D_USAGE },
        { { .timeout_ms = -1 }, C2D_USAGE },
        { { .connect_timeout_ms = -1 }, C2D_USAGE },
        { { .retries = -1 }, C2D_USAGE },
        { { .parallel = 64 }, C2D_OK },
        { { .parallel = 65 }, C2D_USAGE },
        { { .parallel = -1 }, C2D_USAGE },
        { { .patience_ms = -1 }, C2D_USAGE },
        { { .ca_file = "/" }, C2D_CONFIG },
        { { .ca_dir = "/dev/null", .ca_from_environment = true }, C2D_CONFIG },
        { { .cert_file = "cert.pem" }, C2D_CONFIG },
        { { .key_file = "key.pem" }, C2D_CONFIG },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct c2d_options options = rows[i].changes, defaults = c2d_options_default();
        struct script script = { 0 };
        struct c2d_error error;

        options.timeout_ms = options.timeout_ms != 0 ? options.timeout_ms : defaults.timeout_ms;
        options.connect_timeout_ms = options.connect_timeout_ms != 0 ? options.connect_timeout_ms
                                                                     : defaults.connect_timeout_ms;
        options.size = defaults.size;
        options.cancel_fd = defaults.cancel_fd;
        cr_expect_eq(make(DEVICE_STRING, &options, &script, &error), rows[i].status, "row %zu: %s",
                     i, error.text);
        cr_expect_null(strstr(error.text, "password"), "%s", error.text);
    }
}

Test(client_new, texts_of_the_options_are_copied)
{
    char version[] = "2030-01-01", text[] = SERVICE_STRING;
    struct c2d_options options = c2d_options_default();
    struct script script = { .replies = { { .status = 204 } }, .options = &options };
    struct c2d_client *client;

    options.api_version = version;
    client = client_for_test(&script, text);
    memset(version, 'x', strlen(version));
    memset(text, 'x', strlen(text));
    cr_assert_eq(c2d_send(client, "d", &(struct c2d_message) { 0 }, NULL), C2D_OK);
    cr_assert_not_null(strstr(script.requests[0].url, "https://" HUB));
    cr_assert_not_null(strstr(script.requests[0].url, "api-version=2030-01-01"));
    c2d_client_free(client);
}

Test(client_new, client_knows_its_device)
{
    struct script one = { 0 }, other = { 0 };
    struct c2d_client *device = client_for_test(&one, DEVICE_STRING);
    struct c2d_client *service = client_for_test(&other, SERVICE_STRING);

    cr_assert_str_eq(c2d_client_device_id(device), "dev1");
    cr_assert_null(c2d_client_device_id(service));
    c2d_client_free(device);
    c2d_client_free(service);
    c2d_client_free(NULL);
}

/* A certificate is the transport's business: here only what the request says counts. */
Test(client_new, device_with_a_certificate_sends_no_authorization)
{
    struct script script = { .replies = { { .status = 204 }, { .status = 401 } } };
    struct c2d_client *client = client_for_test(&script, DEVICE_STRING);
    struct c2d_message *message = NULL;

    client->credentials.x509 = true;
    cr_assert_eq(c2d_receive(client, &message, NULL), C2D_NO_MESSAGE);
    cr_assert_not(script.requests[0].has_authorization);
    cr_assert_eq(c2d_receive(client, &message, NULL), C2D_AUTH);
    cr_assert_eq(script.request_count, 2,
                 "a device with a certificate must not retry with a new token");
    c2d_client_free(client);
}
