/* Turns the end of a transfer into a response or a failure. */
#include "http_curl_transfer.h"

#include "base/clock.h"
#include "base/error.h"
#include "http_failure.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

/* libcurl has one code for the time-outs to connect and for a stall. The request's own is checked
 * in http_curl.c. */
static enum http_failure_kind timeout_kind(const struct transfer *transfer)
{
    if (clock_monotonic_ms(NULL) >= transfer->deadline_ms)
        return HTTP_TIMEOUT;
    return transfer->written ? HTTP_STALLED : HTTP_CONNECT_TIMEOUT;
}

/* Codes with one meaning; all others mean a lost connection. */
static const struct {
    CURLcode code;
    enum http_failure_kind kind;
} kinds[] = {
    { CURLE_COULDNT_RESOLVE_HOST, HTTP_NO_NAME },
    { CURLE_COULDNT_RESOLVE_PROXY, HTTP_NO_NAME },
    { CURLE_COULDNT_CONNECT, HTTP_NO_CONNECTION },
    { CURLE_SSL_CONNECT_ERROR, HTTP_NO_TLS },
    { CURLE_PEER_FAILED_VERIFICATION, HTTP_NOT_TRUSTED },
    { CURLE_SSL_CERTPROBLEM, HTTP_BAD_FILE },
    { CURLE_SSL_CACERT_BADFILE, HTTP_BAD_FILE },
    { CURLE_UNSUPPORTED_PROTOCOL, HTTP_NOT_HTTP },
    { CURLE_WEIRD_SERVER_REPLY, HTTP_NOT_HTTP },
    { CURLE_OUT_OF_MEMORY, HTTP_NO_MEMORY },
};

/* The codes that may also mean that OpenSSL was out of memory: libcurl has none for that. */
static bool is_of_tls(CURLcode code)
{
    return code == CURLE_SSL_CONNECT_ERROR || code == CURLE_SSL_CERTPROBLEM
           || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_PEER_FAILED_VERIFICATION;
}

/* True if the failure is that libcurl was kept from sending the request again: see
 * http_curl_callbacks.c. */
static bool is_second_sending(const struct transfer *transfer, CURLcode code)
{
    return code == CURLE_ABORTED_BY_CALLBACK
           || (code == CURLE_COULDNT_CONNECT && transfer->written);
}

static enum http_failure_kind kind_by_code(const struct transfer *transfer, CURLcode code)
{
    if (is_of_tls(code) && tls_out_of_memory())
        return HTTP_NO_MEMORY;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return timeout_kind(transfer);
    if (code == CURLE_OUT_OF_MEMORY && transfer->written && !transfer->reader.head_complete)
        return HTTP_NOT_HTTP; /* libcurl's code for a header line over 100 KiB */
    if (code == CURLE_COULDNT_RESOLVE_HOST && strstr(transfer->detail, "thread") != NULL)
        return HTTP_NO_THREAD;
    if (code == CURLE_SSL_CONNECT_ERROR && strstr(transfer->detail, "legacy renegotiation") != NULL)
        return HTTP_OLD_TLS;
    if (is_second_sending(transfer, code))
        return HTTP_LOST;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].code == code)
            return kinds[i].kind;
    return HTTP_LOST;
}

/* True for failures that a reused connection may cause: it was closed, or still held bytes of an
 * earlier response. */
static bool is_stale(const struct transfer *transfer, enum http_failure_kind kind)
{
    return transfer->reused && transfer->reader.broken.status == C2D_OK
           && (kind == HTTP_LOST || kind == HTTP_NOT_HTTP || kind == HTTP_STALLED);
}

/* Returns the status of the proxy's response to CONNECT. Codes of SOCKS are mapped to those of
 * HTTP. */
static int proxy_status(const struct transfer *transfer, CURLcode code, bool *credentials_used)
{
    long http = 0, socks = 0, offered = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &http);
    curl_easy_getinfo(transfer->easy, CURLINFO_PROXYAUTH_AVAIL, &offered);
    offered &= transfer_proxy_methods(transfer->transport->options.proxy);
    *credentials_used = offered != 0 && (offered & (long)CURLAUTH_NEGOTIATE) == 0;
    if (code != CURLE_PROXY)
        return (int)http;
    curl_easy_getinfo(transfer->easy, CURLINFO_PROXY_ERROR, &socks);
    *credentials_used = socks != CURLPX_NO_AUTH;
    if (socks == CURLPX_NO_AUTH || socks == CURLPX_USER_REJECTED)
        return 407;
    if (socks == CURLPX_REPLY_NOT_ALLOWED)
        return 403;
    return socks >= CURLPX_REPLY_ADDRESS_TYPE_NOT_SUPPORTED && socks <= CURLPX_REPLY_UNASSIGNED
               ? 502
               : 0;
}

static void note_connection(struct transfer *transfer)
{
    struct c2d_connection *connection = &transfer->connection;
    const char *ip = NULL;
    long port = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_PRIMARY_IP, &ip);
    curl_easy_getinfo(transfer->easy, CURLINFO_PRIMARY_PORT, &port);
    if (ip != NULL && *ip != '\0') {
        snprintf(connection->address, sizeof connection->address, "%s", ip);
        connection->port = (int)port;
    }
    tls_describe(&transfer->tls, connection);
}

static void describe(struct transfer *transfer, CURLcode code, struct http_done *done)
{
    enum http_failure_kind kind = kind_by_code(transfer, code);
    struct http_failure failure = {
        .request = transfer->request,
        .proxy = transfer->transport->options.proxy,
        .named = transfer->written || transfer->connection.address[0] != '\0',
        .connected = transfer->written || transfer->connected || transfer->connection.port != 0,
        .written = transfer->written,
        .detail = transfer->detail[0] != '\0' ? transfer->detail : curl_easy_strerror(code),
        .tls = &transfer->tls,
        .broken = &transfer->reader.broken,
        .ca_from_environment = transfer->transport->options.ca_from_environment,
    };

    done->stale = is_stale(transfer, kind);
    failure.kind = done->stale && kind != HTTP_STALLED ? HTTP_STALE : kind;
    failure.proxy_status = proxy_status(transfer, code, &failure.credentials_used);
    if (code == CURLE_OK)
        failure.detail = "the response is truncated";
    if (is_second_sending(transfer, code))
        failure.detail = "the peer had closed it";
    http_failure_describe(&failure, &done->error);
}

void transfer_finish(struct transfer *transfer, int code, struct http_done *done)
{
    long connects = 0;
    /* CURLE_OK is not enough: libcurl also returns it for truncated headers. */
    bool counts = http_reader_counts(&transfer->reader, code == CURLE_OK)
                  || (code == CURLE_OPERATION_TIMEDOUT && http_reader_is_whole(&transfer->reader));

    transfer->transport->certificate_requested =
        transfer->transport->certificate_requested || transfer->tls.certificate_requested;
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connects);
    /* A failure is described by the peer that was reached, also on a reused connection. */
    if (!counts || connects > 0)
        note_connection(transfer);
    done->tag = transfer->tag;
    done->response = (struct http_response) { 0 };
    error_reset(&done->error);
    done->written = transfer->written;
    done->stale = false;
    done->certificate_requested = transfer->transport->certificate_requested;
    done->connection = transfer->connection;
    if (!counts) {
        describe(transfer, (CURLcode)code, done);
        buf_clear(&transfer->reader.response.body);
    }
    if (counts || transfer->reader.head_complete) {
        done->response = transfer->reader.response;
        transfer->reader.response = (struct http_response) { 0 };
    }
    transfer_release(transfer);
}
