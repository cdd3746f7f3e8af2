/* Creates and frees clients: copies and checks options and credentials, before anything connects.
 */
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

static enum c2d_status check_certificate(struct shared *shared,
                                         const struct credentials *credentials,
                                         struct c2d_error *error)
{
    const struct c2d_options *options = &shared->options;
    bool has_pair = options->cert_file != NULL && options->key_file != NULL;

    if ((options->cert_file != NULL || options->key_file != NULL) && !has_pair)
        return fail(error, C2D_CONFIG, "a certificate needs its key, and a key its certificate");
    if (credentials->x509 && !has_pair) {
        hint(error, "pass client certificate and key");
        return fail(error, C2D_CONFIG,
                    "x509=true in the connection string needs a certificate and a key");
    }
    /* Checked now: libcurl would read the files only after it has connected. */
    return has_pair ? tls_check_client(options->cert_file, options->key_file, &shared->certificate,
                                       error)
                    : C2D_OK;
}

static enum c2d_status check_role(const struct credentials *credentials, enum c2d_role role,
                                  struct c2d_error *error)
{
    enum c2d_status status = C2D_OK;

    if (role < C2D_ROLE_ANY || role > C2D_ROLE_DEVICE)
        return fail(error, C2D_USAGE, "%d is not a role", (int)role);
    if (role != C2D_ROLE_ANY)
        status = credentials_require(credentials, role, error);
    if (status != C2D_OK)
        fail_at(error, C2D_STEP_CONNECTION_STRING);
    return status;
}

static enum c2d_status check_credentials(struct shared *shared,
                                         const struct credentials *credentials,
                                         struct c2d_error *error)
{
    enum c2d_status status = check_role(credentials, shared->options.role, error);

    if (status != C2D_OK)
        return status;
    status = check_certificate(shared, credentials, error);
    if (status != C2D_OK)
        fail_at(error, C2D_STEP_KEY);
    return status;
}

/* ---- What clients share ---- */

static void set_up(struct shared *shared, const struct clock *clock)
{
    const struct c2d_options *options = &shared->options;
    struct call_terms *terms = &shared->exchange.terms;

    exchange_init(&shared->exchange);
    shared->exchange.cancel_fd = options->cancel_fd;
    shared->exchange.schedule.parallel = options->parallel > 1 ? (size_t)options->parallel : 1;
    shared->exchange.schedule.pause.max_ms = options->patience_ms;
    shared->budget.tokens = RETRY_BUDGET_FULL;
    *terms = (struct call_terms) {
        .clock = *clock,
        .budget = options->retry_budget ? &shared->budget : NULL,
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

/* Returns the folder for TLS sessions, or NULL if none is wanted or it cannot be used. */
static const char *tls_cache_dir(const struct shared *shared)
{
    const char *dir = shared->options.tls_cache;
    struct c2d_error error;

    /* libcurl does not distinguish the TLS of an https proxy from the hub's. */
    if (dir == NULL || shared->options.dry_run || strncmp(shared->proxy.name, "https:", 6) == 0)
        return NULL;
    if (cache_file_check_dir(dir, &error) == C2D_OK)
        return dir;
    observe_warning(&shared->exchange.terms.observe, "no TLS session is kept or used: %s",
                    error.text);
    return NULL;
}

static enum c2d_status open_transport(struct shared *shared, struct c2d_error *error)
{
    const struct c2d_options *options = &shared->options;

    return http_curl_new(&shared->exchange.transport,
                         &(struct http_curl_options) {
                             .ca_file = options->ca_file,
                             .ca_dir = options->ca_dir,
                             .ca_from_environment = options->ca_from_environment,
                             .cert_file = options->cert_file,
                             .key_file = options->key_file,
                             .proxy = &shared->proxy,
                             .connect_to = options->connect_to,
                             .tls_cache = tls_cache_dir(shared),
                             .host = shared->host,
                             .note = options->trace ? observe_note : NULL,
                             .note_context = &shared->exchange.terms.observe,
                         },
                         error);
}

static void release_shared(struct shared *shared)
{
    if (shared == NULL || --shared->clients > 0)
        return;
    /* First: it borrows the texts of the options and still calls the observer. */
    if (shared->exchange.transport.destroy != NULL)
        shared->exchange.transport.destroy(shared->exchange.transport.self);
    exchange_clear(&shared->exchange);
    proxy_clear(&shared->proxy);
    client_options_clear(&shared->options);
    free(shared->host);
    free(shared);
}

/* Applies options to shared. A test has set the transport before. */
static enum c2d_status apply_options(struct shared *shared, const struct credentials *credentials,
                                     const struct c2d_options *options, const struct clock *clock,
                                     struct c2d_error *error)
{
    enum c2d_status status = client_options_copy(&shared->options, options, error);

    if (status == C2D_OK)
        status = client_options_check(&shared->options, error);
    if (status == C2D_OK)
        status = check_credentials(shared, credentials, error);
    if (status == C2D_OK)
        status = proxy_choose(&shared->proxy, &shared->options, credentials->host_name, error);
    if (status != C2D_OK)
        return status;
    client_options_wipe_proxy(&shared->options);
    set_up(shared, clock);
    if (shared->exchange.transport.self != NULL)
        return C2D_OK;
    shared->host = strdup(credentials->host);
    return shared->host == NULL ? fail_memory(error) : open_transport(shared, error);
}

/* Checks that a proxy in options, if any, is the one that the other client uses. */
static enum c2d_status check_shared_proxy(const struct shared *shared,
                                          const struct c2d_options *options, const char *host_name,
                                          struct c2d_error *error)
{
    struct proxy proxy = { 0 };
    enum c2d_status status = proxy_choose(&proxy, options, host_name, error);
    const struct buf *ours = &proxy.secret, *theirs = &shared->proxy.secret;

    if (status == C2D_OK
        && (options->proxy != NULL || options->proxy_user != NULL
            || options->proxy_password != NULL)
        && (strcmp(proxy.name, shared->proxy.name) != 0 || ours->size != theirs->size
            || (ours->size > 0 && memcmp(ours->data, theirs->data, ours->size) != 0)))
        status = fail(error, C2D_USAGE,
                      "options.proxy differs from that of the client whose connections are shared");
    proxy_clear(&proxy);
    return status;
}

/* Makes client share with options->share, if the same connections can be used. */
static enum c2d_status join(struct c2d_client *client, const struct c2d_options *options,
                            struct c2d_error *error)
{
    const struct c2d_client *other = options->share;
    const struct credentials *ours = &client->credentials, *theirs = &other->credentials;
    enum c2d_status status = client_options_check_sharing(options, &other->shared->options, error);

    if (status == C2D_OK)
        status = check_role(ours, options->role, error);
    if (status == C2D_OK)
        status = check_shared_proxy(other->shared, options, ours->host_name, error);
    if (status != C2D_OK)
        return status;
    if (strcmp(ours->host, theirs->host) != 0)
        return fail(error, C2D_USAGE, "clients that share connections must use the same hub");
    if (ours->x509 || theirs->x509)
        return fail(error, C2D_USAGE, "a client with a certificate cannot share its connections");
    client->shared = other->shared;
    client->shared->clients++;
    client->shared->exchange.is_shared = true;
    return C2D_OK;
}

static void share_clock(struct c2d_client *client)
{
    client->signer.hub_clock = &client->shared->hub_clock;
    if (client->credentials.role == C2D_ROLE_SERVICE)
        hub_clock_serve_back_end(client->signer.hub_clock);
}

/* ---- Clients ---- */

static enum c2d_status set_up_alone(struct c2d_client *client, const struct c2d_options *options,
                                    const struct http_transport *transport,
                                    const struct clock *clock, struct c2d_error *error)
{
    client->shared = calloc(1, sizeof *client->shared);
    if (client->shared == NULL && transport != NULL)
        transport->destroy(transport->self);
    if (client->shared == NULL)
        return fail_memory(error);
    client->shared->clients = 1;
    /* From here on release_shared() destroys it. */
    if (transport != NULL)
        client->shared->exchange.transport = *transport;
    return apply_options(client->shared, &client->credentials, options, clock, error);
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
        status = set_up_alone(client, options, transport, clock, error);
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
    if (client->shared != NULL)
        exchange_drop(&client->shared->exchange, &client->calls);
    release_shared(client->shared);
    signer_clear(&client->signer);
    credentials_clear(&client->credentials);
    free(client);
}

struct exchange *client_exchange(const struct c2d_client *client)
{
    return &client->shared->exchange;
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
    const struct credentials *credentials;
    struct buf resource = { 0 }, text = { 0 };
    enum c2d_status status = C2D_OK;
    int64_t hub_now_s;

    *token = NULL;
    error_reset(error);
    if (client == NULL)
        return fail(error, C2D_USAGE, "the client is missing (NULL)");
    if (ttl_s < 1 || ttl_s > TOKEN_MAX_S)
        return fail(error, C2D_USAGE, "the ttl of a token must be 1 second to 100 years");
    credentials = &client->credentials;
    hub_now_s = hub_clock_now_s(client->signer.hub_clock, &client->shared->exchange.terms.clock);
    if (!signer_can_renew(&client->signer))
        return fail(error, C2D_CONFIG,
                    "a token needs a SharedAccessKey, but the connection string has none");
    /* The key of a device is valid only for that device. */
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
    buf_clear(&text);
    buf_clear(&resource);
    return status;
}
