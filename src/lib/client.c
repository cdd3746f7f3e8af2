/* Makes a client out of texts: copied, checked against each other, wired up, all before a socket
 * exists. What a client can then do is in operations.c. */
#include "client.h"

#include "http_curl.h"
#include "ids.h"
#include "status.h"
#include "text.h"
#include "tls.h"

#include <stdlib.h>
#include <string.h>

struct c2d_options c2d_options_default(void)
{
    return (struct c2d_options) {
        .connect_timeout_ms = 10000,
        .timeout_ms = 60000,
        .retries = 3,
        .cancel_fd = -1,
    };
}

/* ---- Options ---- */

enum { OPTION_TEXTS = 10 };

/* Every text among the options, for copying and freeing alike: one that is left out here would
 * still be the caller's. */
static void option_texts(struct c2d_options *options, const char **texts[OPTION_TEXTS])
{
    const char **all[] = {
        &options->api_version, &options->ca_file,    &options->ca_dir,     &options->cert_file,
        &options->key_file,    &options->proxy,      &options->proxy_user, &options->proxy_password,
        &options->no_proxy,    &options->connect_to,
    };

    memcpy(texts, all, sizeof all);
}

static enum c2d_status copy_options(struct c2d_options *out, const struct c2d_options *in,
                                    struct c2d_error *error)
{
    const char **texts[OPTION_TEXTS];
    bool ok = true;

    *out = *in;
    option_texts(out, texts);
    for (size_t i = 0; i < OPTION_TEXTS; i++) {
        if (*texts[i] == NULL)
            continue;
        *texts[i] = strdup(*texts[i]);
        /* Goes on after a failure: every text is then ours or NULL, and all may be freed. */
        ok = ok && *texts[i] != NULL;
    }
    return ok ? C2D_OK : fail_memory(error);
}

static void clear_options(struct c2d_options *options)
{
    const char **texts[OPTION_TEXTS];

    option_texts(options, texts);
    for (size_t i = 0; i < OPTION_TEXTS; i++)
        wipe_free((char *)*texts[i]); /* ours since copy_options(); one is a password */
    *options = (struct c2d_options) { 0 };
}

static bool is_host_and_port(const char *text)
{
    /* The last one: the host may be an IPv6 address in brackets. */
    const char *colon = strrchr(text, ':');
    long long port;

    return colon != NULL && colon != text && text_to_number(colon + 1, 65535, &port) && port > 0
           && strpbrk(text, " /@?#") == NULL;
}

static enum c2d_status check_options(const struct c2d_options *options, struct c2d_error *error)
{
    enum c2d_status status = C2D_OK;

    if (options->timeout_ms < 1 || options->connect_timeout_ms < 1 || options->retries < 0)
        return fail(error, C2D_USAGE, "a time-out or the number of retries is out of range");
    if (options->api_version != NULL && value_check("", options->api_version, NULL) != C2D_OK)
        return fail(error, C2D_USAGE, "--api-version takes printable ASCII without outer spaces");
    if (options->connect_to != NULL && !is_host_and_port(options->connect_to))
        return fail(error, C2D_USAGE, "--connect-to takes HOST:PORT, not '%.60s'",
                    options->connect_to);
    if (options->ca_file != NULL)
        status = tls_check_ca_file(options->ca_file, error);
    if (status == C2D_OK && options->ca_dir != NULL)
        status = tls_check_ca_dir(options->ca_dir, error);
    return status;
}

static enum c2d_status check_certificate(struct c2d_client *client, struct c2d_error *error)
{
    const struct c2d_options *options = &client->options;
    bool has_pair = options->cert_file != NULL && options->key_file != NULL;

    if ((options->cert_file != NULL || options->key_file != NULL) && !has_pair)
        return fail(error, C2D_CONFIG, "a certificate needs its key, and a key its certificate");
    if (client->credentials.x509 && !has_pair) {
        hint(error, "pass them with --cert FILE --key FILE");
        return fail(error, C2D_CONFIG,
                    "x509=true in the connection string needs a certificate and a key");
    }
    /* Read here too: libcurl would notice a wrong file only once it has connected (G7). */
    return has_pair ? tls_check_client(options->cert_file, options->key_file, &client->certificate,
                                       error)
                    : C2D_OK;
}

static enum c2d_status check_credentials(struct c2d_client *client, struct c2d_error *error)
{
    enum c2d_role role = client->options.role;
    enum c2d_status status = C2D_OK;

    if (role != C2D_ROLE_ANY)
        status = credentials_require(&client->credentials, role, error);
    if (status != C2D_OK) {
        fail_at(error, C2D_STEP_CONNECTION_STRING);
        return status;
    }
    status = check_certificate(client, error);
    if (status != C2D_OK)
        fail_at(error, C2D_STEP_KEY);
    return status;
}

/* ---- Life ---- */

static void set_up(struct c2d_client *client, const struct clock *clock)
{
    const struct c2d_options *options = &client->options;

    client->exchange.clock = *clock;
    client->exchange.signer.credentials = &client->credentials;
    client->exchange.connect_timeout_ms = options->connect_timeout_ms;
    client->exchange.timeout_ms = options->timeout_ms;
    client->exchange.retries = options->retries;
    client->budget.tokens = RETRY_BUDGET_FULL;
    client->exchange.budget = options->retry_budget ? &client->budget : NULL;
    client->exchange.cancel_fd = options->cancel_fd;
    client->exchange.dry_run = options->dry_run;
    client->exchange.observe = (struct observe) {
        .observer = options->observer,
        .context = options->observer_context,
        .trace = options->trace,
    };
}

static enum c2d_status open_transport(struct c2d_client *client, struct c2d_error *error)
{
    const struct c2d_options *options = &client->options;

    return http_curl_new(&client->exchange.transport,
                         &(struct http_curl_options) {
                             .ca_file = options->ca_file,
                             .ca_dir = options->ca_dir,
                             .cert_file = options->cert_file,
                             .key_file = options->key_file,
                             .proxy = &client->proxy,
                             .connect_to = options->connect_to,
                             .note = options->trace ? observe_note : NULL,
                             .note_context = &client->exchange.observe,
                         },
                         error);
}

enum c2d_status client_new_over(struct c2d_client **out, const char *connection_string,
                                const struct c2d_options *options,
                                const struct http_transport *transport, const struct clock *clock,
                                struct c2d_error *error)
{
    struct c2d_options defaults = c2d_options_default();
    struct c2d_client *client = calloc(1, sizeof *client);
    enum c2d_status status;

    *out = NULL;
    error_reset(error);
    /* Ours from here on: every way out destroys it, with the client or without. */
    if (client != NULL && transport != NULL)
        client->exchange.transport = *transport;
    if (client == NULL) {
        if (transport != NULL)
            transport->destroy(transport->self);
        return fail_memory(error);
    }
    status = copy_options(&client->options, options == NULL ? &defaults : options, error);
    if (status == C2D_OK)
        status = connstr_parse(connection_string, &client->credentials, error);
    if (status == C2D_CONFIG)
        fail_at(error, C2D_STEP_CONNECTION_STRING);
    if (status == C2D_OK)
        status = check_options(&client->options, error);
    if (status == C2D_OK)
        status = check_credentials(client, error);
    if (status == C2D_OK)
        status =
            proxy_choose(&client->proxy, &client->options, client->credentials.host_name, error);
    if (status == C2D_OK) {
        set_up(client, clock);
        if (transport == NULL)
            status = open_transport(client, error);
    }
    if (status == C2D_OK)
        *out = client;
    else
        c2d_client_free(client);
    return status;
}

enum c2d_status c2d_client_new(struct c2d_client **client, const char *connection_string,
                               const struct c2d_options *options, struct c2d_error *error)
{
    static const struct clock real = { clock_wall_s, clock_monotonic_ms, clock_random, NULL };

    return client_new_over(client, connection_string, options, NULL, &real, error);
}

void c2d_client_free(struct c2d_client *client)
{
    if (client == NULL)
        return;
    /* First: it borrows the texts of the options and tells the observer to the end. */
    if (client->exchange.transport.destroy != NULL)
        client->exchange.transport.destroy(client->exchange.transport.self);
    signer_clear(&client->exchange.signer);
    credentials_clear(&client->credentials);
    proxy_clear(&client->proxy);
    clear_options(&client->options);
    free(client);
}

const char *c2d_client_device_id(const struct c2d_client *client)
{
    return client->credentials.device_id;
}

const char *c2d_client_policy(const struct c2d_client *client)
{
    return client->credentials.policy;
}

const char *c2d_client_host(const struct c2d_client *client)
{
    return client->credentials.host;
}
