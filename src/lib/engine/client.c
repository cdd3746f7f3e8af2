/* Makes a client out of texts: copied, checked against each other, wired up, all before a socket
 * exists. What a client can then do is in operations.c. */
#include "client.h"

#include "base/error.h"
#include "base/text.h"
#include "client_options.h"
#include "http/cache_file.h"
#include "http/http_curl.h"
#include "http/tls.h"
#include "hub/ids.h"
#include "hub/sas.h"

#include <stdlib.h>
#include <string.h>

/* ---- Options ---- */

static enum c2d_status check_certificate(struct wiring *wiring,
                                         const struct credentials *credentials,
                                         struct c2d_error *error)
{
    const struct c2d_options *options = &wiring->options;
    bool has_pair = options->cert_file != NULL && options->key_file != NULL;

    if ((options->cert_file != NULL || options->key_file != NULL) && !has_pair)
        return fail(error, C2D_CONFIG, "a certificate needs its key, and a key its certificate");
    if (credentials->x509 && !has_pair) {
        hint(error, "pass them with --cert FILE --key FILE");
        return fail(error, C2D_CONFIG,
                    "x509=true in the connection string needs a certificate and a key");
    }
    /* Read here too: libcurl would notice a wrong file only once it has connected (G7). */
    return has_pair ? tls_check_client(options->cert_file, options->key_file, &wiring->certificate,
                                       error)
                    : C2D_OK;
}

static enum c2d_status check_role(const struct credentials *credentials, enum c2d_role role,
                                  struct c2d_error *error)
{
    enum c2d_status status = C2D_OK;

    if (role < C2D_ROLE_ANY || role > C2D_ROLE_DEVICE)
        return fail(error, C2D_USAGE, "%d is no role", (int)role);
    if (role != C2D_ROLE_ANY)
        status = credentials_require(credentials, role, error);
    if (status != C2D_OK)
        fail_at(error, C2D_STEP_CONNECTION_STRING);
    return status;
}

static enum c2d_status check_credentials(struct wiring *wiring,
                                         const struct credentials *credentials,
                                         struct c2d_error *error)
{
    enum c2d_status status = check_role(credentials, wiring->options.role, error);

    if (status != C2D_OK)
        return status;
    status = check_certificate(wiring, credentials, error);
    if (status != C2D_OK)
        fail_at(error, C2D_STEP_KEY);
    return status;
}

/* ---- Wiring ---- */

static void set_up(struct wiring *wiring, const struct clock *clock)
{
    const struct c2d_options *options = &wiring->options;
    struct call_terms *terms = &wiring->exchange.terms;

    exchange_init(&wiring->exchange);
    wiring->exchange.cancel_fd = options->cancel_fd;
    wiring->exchange.schedule.parallel = options->parallel > 1 ? (size_t)options->parallel : 1;
    wiring->exchange.schedule.pause.max_ms = options->patience_ms;
    wiring->budget.tokens = RETRY_BUDGET_FULL;
    *terms = (struct call_terms) {
        .clock = *clock,
        .budget = options->retry_budget ? &wiring->budget : NULL,
        .connect_timeout_ms = options->connect_timeout_ms,
        .timeout_ms = options->timeout_ms,
        .api_version = options->api_version,
        .retries = options->retries,
        .dry_run = options->dry_run,
    };
    terms->observe = (struct observe) {
        .observer = options->observer,
        .context = options->observer_context,
        .trace = options->trace,
    };
}

/* The folder for sessions of TLS; NULL where none is wanted, or it cannot be used. */
static const char *tls_cache_dir(const struct wiring *wiring)
{
    const char *dir = wiring->options.tls_cache;
    struct c2d_error error;

    /* libcurl does not tell the TLS of such a proxy from the hub's. */
    if (dir == NULL || wiring->options.dry_run || strncmp(wiring->proxy.name, "https:", 6) == 0)
        return NULL;
    if (cache_file_check_dir(dir, &error) == C2D_OK)
        return dir;
    observe_warning(&wiring->exchange.terms.observe, "no TLS session is kept or used: %s",
                    error.text);
    return NULL;
}

static enum c2d_status open_transport(struct wiring *wiring, struct c2d_error *error)
{
    const struct c2d_options *options = &wiring->options;

    return http_curl_new(&wiring->exchange.transport,
                         &(struct http_curl_options) {
                             .ca_file = options->ca_file,
                             .ca_dir = options->ca_dir,
                             .ca_from_environment = options->ca_from_environment,
                             .cert_file = options->cert_file,
                             .key_file = options->key_file,
                             .proxy = &wiring->proxy,
                             .connect_to = options->connect_to,
                             .tls_cache = tls_cache_dir(wiring),
                             .host = wiring->host,
                             .connections = options->parallel,
                             .note = options->trace ? observe_note : NULL,
                             .note_context = &wiring->exchange.terms.observe,
                         },
                         error);
}

static void wiring_release(struct wiring *wiring)
{
    if (wiring == NULL || --wiring->clients > 0)
        return;
    /* First: it borrows the texts of the options and tells the observer to the end. */
    if (wiring->exchange.transport.destroy != NULL)
        wiring->exchange.transport.destroy(wiring->exchange.transport.self);
    exchange_clear(&wiring->exchange);
    proxy_clear(&wiring->proxy);
    client_options_clear(&wiring->options);
    free(wiring->host);
    free(wiring);
}

/* Everything that options ask for, for credentials that have been read. A transport that is there
 * already is a test's. */
static enum c2d_status wire(struct wiring *wiring, const struct credentials *credentials,
                            const struct c2d_options *options, const struct clock *clock,
                            struct c2d_error *error)
{
    enum c2d_status status = client_options_copy(&wiring->options, options, error);

    if (status == C2D_OK)
        status = client_options_check(&wiring->options, error);
    if (status == C2D_OK)
        status = check_credentials(wiring, credentials, error);
    if (status == C2D_OK)
        status = proxy_choose(&wiring->proxy, &wiring->options, credentials->host_name, error);
    if (status != C2D_OK)
        return status;
    client_options_forget_proxy(&wiring->options);
    set_up(wiring, clock);
    if (wiring->exchange.transport.self != NULL)
        return C2D_OK;
    wiring->host = strdup(credentials->host);
    return wiring->host == NULL ? fail_memory(error) : open_transport(wiring, error);
}

/* A proxy that is given beside share must be the one that is in use. */
static enum c2d_status check_shared_proxy(const struct wiring *wiring,
                                          const struct c2d_options *options, const char *host_name,
                                          struct c2d_error *error)
{
    struct proxy proxy = { 0 };
    enum c2d_status status = proxy_choose(&proxy, options, host_name, error);
    const struct buf *ours = &proxy.secret, *theirs = &wiring->proxy.secret;

    if (status == C2D_OK
        && (options->proxy != NULL || options->proxy_user != NULL
            || options->proxy_password != NULL)
        && (strcmp(proxy.name, wiring->proxy.name) != 0 || ours->size != theirs->size
            || (ours->size > 0 && memcmp(ours->data, theirs->data, ours->size) != 0)))
        status = fail(error, C2D_USAGE,
                      "options.proxy differs from that of the client whose connections are shared");
    proxy_clear(&proxy);
    return status;
}

/* Takes part in the wiring of another client, if its connections are good for this one too. */
static enum c2d_status join(struct c2d_client *client, const struct c2d_options *options,
                            struct c2d_error *error)
{
    const struct c2d_client *other = options->share;
    const struct credentials *ours = &client->credentials, *theirs = &other->credentials;
    enum c2d_status status = client_options_check_sharing(options, &other->wiring->options, error);

    if (status == C2D_OK)
        status = check_role(ours, options->role, error);
    if (status == C2D_OK)
        status = check_shared_proxy(other->wiring, options, ours->host_name, error);
    if (status != C2D_OK)
        return status;
    if (strcmp(ours->host, theirs->host) != 0)
        return fail(error, C2D_USAGE, "clients that share connections must be of one hub");
    if (ours->x509 || theirs->x509)
        return fail(error, C2D_USAGE, "a client with a certificate cannot share its connections");
    client->wiring = other->wiring;
    client->wiring->clients++;
    client->wiring->exchange.is_shared = true;
    return C2D_OK;
}

static void share_clock(struct c2d_client *client)
{
    client->signer.hub_clock = &client->wiring->hub_clock;
    if (client->credentials.role == C2D_ROLE_SERVICE)
        hub_clock_serve_back_end(client->signer.hub_clock);
}

/* ---- Life ---- */

static enum c2d_status connect_up(struct c2d_client *client, const struct c2d_options *options,
                                  const struct http_transport *transport, const struct clock *clock,
                                  struct c2d_error *error)
{
    client->wiring = calloc(1, sizeof *client->wiring);
    if (client->wiring == NULL && transport != NULL)
        transport->destroy(transport->self);
    if (client->wiring == NULL)
        return fail_memory(error);
    client->wiring->clients = 1;
    /* Ours from here on: every way out destroys it. */
    if (transport != NULL)
        client->wiring->exchange.transport = *transport;
    return wire(client->wiring, &client->credentials, options, clock, error);
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
    if (options == NULL)
        options = &defaults;
    if (client == NULL) {
        if (transport != NULL)
            transport->destroy(transport->self);
        return fail_memory(error);
    }
    client->signer.credentials = &client->credentials;
    link_init(&client->calls);
    status = connstr_parse(connection_string, &client->credentials, error);
    if (status == C2D_CONFIG)
        fail_at(error, C2D_STEP_CONNECTION_STRING);
    if (status == C2D_OK && options->share != NULL)
        status = join(client, options, error);
    else if (status == C2D_OK)
        status = connect_up(client, options, transport, clock, error);
    else if (transport != NULL)
        transport->destroy(transport->self);
    if (status != C2D_OK) {
        c2d_client_free(client);
        return status;
    }
    share_clock(client);
    *out = client;
    return C2D_OK;
}

enum c2d_status c2d_client_new(struct c2d_client **client, const char *connection_string,
                               const struct c2d_options *options, struct c2d_error *error)
{
    static const struct clock real = { clock_wall_ms, clock_monotonic_ms, clock_random, NULL };

    return client_new_over(client, connection_string, options, NULL, &real, error);
}

void c2d_client_free(struct c2d_client *client)
{
    if (client == NULL)
        return;
    if (client->wiring != NULL)
        exchange_drop(&client->wiring->exchange, &client->calls);
    wiring_release(client->wiring);
    signer_clear(&client->signer);
    credentials_clear(&client->credentials);
    free(client);
}

const char *c2d_client_device_id(const struct c2d_client *client)
{
    return client == NULL ? NULL : client->credentials.device_id;
}

const char *c2d_client_policy(const struct c2d_client *client)
{
    return client == NULL ? NULL : client->credentials.policy;
}

const char *c2d_client_host(const struct c2d_client *client)
{
    return client == NULL ? NULL : client->credentials.host;
}

/* ---- Tokens ---- */

static const int64_t TOKEN_MAX_S = INT64_C(100) * 366 * 24 * 3600;

enum c2d_status c2d_sas_token(struct c2d_client *client, const char *device_id, int64_t ttl_s,
                              char **token, struct c2d_error *error)
{
    struct c2d_error spare = { 0 };
    const struct credentials *credentials;
    struct buf resource = { 0 }, text = { 0 };
    enum c2d_status status = C2D_OK;
    int64_t hub_now_s;

    *token = NULL;
    error = error == NULL ? &spare : error;
    error_reset(error);
    if (client == NULL)
        return fail(error, C2D_USAGE, "the client is missing (NULL)");
    if (ttl_s < 1 || ttl_s > TOKEN_MAX_S)
        return fail(error, C2D_USAGE, "a token lives for 1 second to 100 years");
    credentials = &client->credentials;
    hub_now_s = hub_clock_now_s(client->signer.hub_clock, &client->wiring->exchange.terms.clock);
    if (!signer_can_renew(&client->signer))
        return fail(error, C2D_CONFIG,
                    "a token needs a SharedAccessKey, and the connection string has none");
    /* A device's key signs for that device, whatever was asked for. */
    if (credentials->device_id != NULL)
        device_id = credentials->device_id;
    if (device_id != NULL)
        status = ids_check_device(device_id, error);
    if (status == C2D_OK && !signer_resource(credentials, device_id, &resource))
        status = fail_memory(error);
    if (status == C2D_OK)
        status = sas_token(resource.data, &credentials->key, credentials->policy, hub_now_s + ttl_s,
                           &text, error);
    if (status == C2D_OK)
        *token = buf_take(&text);
    if (status == C2D_OK && *token == NULL)
        status = fail_memory(error);
    buf_clear(&text);
    buf_clear(&resource);
    return status;
}
