/* The transport's interface: starts, waits for, cancels and times out transfers. */
#include "http_curl.h"

#include "base/clock.h"
#include "base/error.h"
#include "http_curl_transfer.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Transfers ---- */

/* Returns true with the next finished transfer, false if there is none. */
static bool next_finished(struct curl_transport *transport, struct http_done *done)
{
    CURLMsg *message;
    int left = 0;

    while ((message = curl_multi_info_read(transport->multi, &left)) != NULL) {
        char *context = NULL;
        struct transfer *transfer;
        CURLcode code = message->data.result; /* removing the handle frees message */

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &context);
        transfer = (struct transfer *)(void *)context;
        curl_multi_remove_handle(transport->multi, transfer->easy);
        /* Connect once more: with the larger trust store, or without the cached TLS session. */
        if ((tls_trust_widen(&transport->trust, transfer->trust_version, &transfer->tls)
             || tls_needs_reconnect(&transfer->tls))
            && transfer_begin(transfer))
            continue;
        transfer_finish(transfer, (int)code, done);
        transport->has_more = left > 0;
        return true;
    }
    transport->has_more = false;
    return false;
}

/* libcurl checks a time-out before it reads from the socket. If the process was stopped for a
 * while, that would lose responses that arrived meanwhile. So request time-outs are checked here,
 * after the sockets were polled. Ends a transfer whose deadline passed before polled_ms, unless
 * that poll has received data for it. */
static bool end_late(struct curl_transport *transport, int64_t polled_ms, struct http_done *done)
{
    struct transfer *late = NULL;

    if (polled_ms < transport->deadline_ms)
        return false;
    transport->deadline_ms = INT64_MAX;
    for (struct transfer *transfer = transport->transfers; transfer != NULL;
         transfer = transfer->next) {
        size_t received = transfer->reader.header_bytes + transfer->reader.response.body.size;

        if (transfer->request == NULL)
            continue;
        if (transfer->deadline_ms < transport->deadline_ms)
            transport->deadline_ms = transfer->deadline_ms;
        if (transfer->deadline_ms > polled_ms)
            continue;
        if (received == transfer->received)
            late = transfer;
        transfer->received = received;
    }
    if (late == NULL)
        return false;
    curl_multi_remove_handle(transport->multi, late->easy);
    snprintf(late->detail, sizeof late->detail, "%d ms have passed", late->request->timeout_ms);
    transfer_finish(late, CURLE_OPERATION_TIMEDOUT, done);
    return true;
}

/* ---- Transport functions ---- */

static enum c2d_status transport_start(void *self, const struct http_request *request, void *tag,
                                       struct c2d_error *error)
{
    struct curl_transport *transport = self;
    struct transfer *transfer = transport->transfers;
    /* Read here at the latest: operations without a connection need no trust store. */
    enum c2d_status status = tls_trust_read(&transport->trust, error);

    if (status != C2D_OK)
        return status;
    /* Connections belong to the multi handle: any transfer can reuse them. */
    while (transfer != NULL && transfer->request != NULL)
        transfer = transfer->next;
    if (transfer == NULL && (status = transfer_new(&transfer, transport, error)) != C2D_OK)
        return status;
    transfer->request = request;
    transport->running++;
    transfer->tag = tag;
    transfer->received = 0;
    transfer->deadline_ms = clock_monotonic_ms(NULL) + request->timeout_ms;
    if (transfer->deadline_ms < transport->deadline_ms)
        transport->deadline_ms = transfer->deadline_ms;
    status = transfer_start(transfer, error);
    if (status != C2D_OK)
        transfer_release(transfer);
    return status;
}

static bool transport_wait(void *self, int64_t timeout_ms, struct http_done *done)
{
    struct curl_transport *transport = self;
    int64_t deadline_ms;

    /* Transfers that finished in the same poll are returned before the next poll. */
    if (next_finished(transport, done))
        return true;
    deadline_ms = clock_monotonic_ms(NULL) + timeout_ms;
    for (;;) {
        int64_t polled_ms = clock_monotonic_ms(NULL), until_ms;
        bool is_over;

        events_run_timer(transport, polled_ms);
        if (next_finished(transport, done))
            return true;
        until_ms = events_due_ms(transport, deadline_ms);
        is_over = events_poll(transport, until_ms - polled_ms);
        if (next_finished(transport, done) || end_late(transport, polled_ms, done))
            return true;
        if (polled_ms >= deadline_ms || is_over)
            return false;
    }
}

static int transport_descriptor(void *self)
{
    return ((const struct curl_transport *)self)->events_fd;
}

static void transport_cancel(void *self, void *tag)
{
    struct curl_transport *transport = self;

    for (struct transfer *transfer = transport->transfers; transfer != NULL;
         transfer = transfer->next) {
        if (transfer->request == NULL || transfer->tag != tag)
            continue;
        curl_multi_remove_handle(transport->multi, transfer->easy);
        transfer_release(transfer);
    }
}

static void transport_destroy(void *self)
{
    struct curl_transport *transport = self;

    for (struct transfer *transfer = transport->transfers; transfer != NULL;
         transfer = transfer->next) {
        curl_multi_remove_handle(transport->multi, transfer->easy);
        transfer_release(transfer);
        curl_easy_cleanup(transfer->easy);
    }
    /* Closing connections still writes to the verdicts of their transfers, which are freed last. */
    curl_multi_cleanup(transport->multi);
    for (struct transfer *transfer = transport->transfers, *next; transfer != NULL;
         transfer = next) {
        next = transfer->next;
        free(transfer);
    }
    curl_slist_free_all(transport->connect_to);
    curl_url_cleanup(transport->url);
    tls_cache_clear(&transport->cache);
    tls_trust_clear(&transport->trust);
    events_close(transport);
    free(transport);
    curl_global_cleanup();
}

/* ---- Setting up ---- */

static bool set_up_cache(struct curl_transport *transport)
{
    const struct http_curl_options *options = &transport->options;

    transport->cache = (struct tls_cache) {
        .dir = options->tls_cache,
        .host = options->host,
        .proxy = options->proxy->name,
        .connect_to = options->connect_to,
        .ca_file = transport->trust.file,
        .ca_dir = transport->trust.dir,
        .ca_fallback = transport->trust.fallback,
        .cert_file = options->cert_file,
        .key_file = options->key_file,
        .note = options->note,
        .note_context = options->note_context,
    };
    return tls_cache_init(&transport->cache);
}

static bool set_up_multi(struct curl_transport *transport)
{
    transport->multi = curl_multi_init();
    return transport->multi != NULL && events_join(transport);
}

static bool set_up_url(struct curl_transport *transport)
{
    struct buf text = { 0 };
    bool ok = (transport->url = curl_url()) != NULL && buf_text(&text, "https://")
              && buf_text(&text, transport->options.host)
              && curl_url_set(transport->url, CURLUPART_URL, text.data, 0) == CURLUE_OK;

    buf_clear(&text);
    return ok;
}

/* "::" matches any host and port. SNI and the name check use the host of the URL. */
static bool set_up_connect_to(struct curl_transport *transport)
{
    struct buf text = { 0 };

    if (transport->options.connect_to == NULL)
        return true;
    if (buf_text(&text, "::") && buf_text(&text, transport->options.connect_to))
        transport->connect_to = curl_slist_append(NULL, text.data);
    buf_clear(&text);
    return transport->connect_to != NULL;
}

/* The shared library may be another than that of the build. */
static enum c2d_status check_libcurl(struct c2d_error *error)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

    if (info->version_num < 0x074a00)
        return fail(error, C2D_CONFIG, "libcurl %s is too old: 7.74 or later is needed",
                    info->version);
    return tls_check_backend(info->version, info->ssl_version, error);
}

/* Reads the trust store now rather than in the first request. If the system's store cannot be read,
 * the first request reports it. */
static enum c2d_status set_up_trust(struct curl_transport *transport, struct c2d_error *error)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    struct tls_trust *trust = &transport->trust;
    enum c2d_status status;

    *trust = tls_trust_choose(transport->options.ca_file, transport->options.ca_dir, info->cainfo,
                              info->capath);
    status = tls_trust_read(trust, trust->is_system ? NULL : error);
    return trust->is_system ? C2D_OK : status;
}

enum c2d_status http_curl_new(struct http_transport *out, const struct http_curl_options *options,
                              struct c2d_error *error)
{
    struct curl_transport *transport = calloc(1, sizeof *transport);
    enum c2d_status status;

    if (transport == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(transport);
        return fail_memory(error);
    }
    transport->options = *options;
    transport->events_fd = transport->timer_fd = -1;
    transport->watched_fd = transport->watched_original = -1;
    transport->deadline_ms = transport->timer_ms = transport->armed_ms = INT64_MAX;
    transport->renew_ms = INT64_MAX;
    status = check_libcurl(error);
    if (status == C2D_OK)
        status = set_up_trust(transport, error);
    if (status == C2D_OK && !events_open(transport))
        status = fail(error, C2D_OS, "cannot open a descriptor for events: %s", strerror(errno));
    if (status == C2D_OK
        && (!set_up_multi(transport) || !set_up_url(transport) || !set_up_connect_to(transport)
            || !set_up_cache(transport)))
        status = fail_memory(error);
    if (status != C2D_OK) {
        transport_destroy(transport);
        return status;
    }
    *out = (struct http_transport) {
        transport_start,   transport_wait,       events_watch,   transport_cancel,
        transport_destroy, transport_descriptor, events_wake_at, transport,
    };
    return C2D_OK;
}

void http_curl_version(char text[64])
{
    const curl_version_info_data *info;

    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    info = curl_version_info(CURLVERSION_NOW);
    snprintf(text, 64, "libcurl %s (%s)", info->version,
             info->ssl_version == NULL ? "no TLS" : info->ssl_version);
    curl_global_cleanup();
}
