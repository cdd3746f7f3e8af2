/* The functions that libcurl calls during a transfer. A transfer sends once at most: the retry
 * policy decides on further attempts. */
#include "http_curl_transfer.h"

#include "base/clock.h"

#include <curl/curl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

/* The library in use may have options that these headers lack. */
#if LIBCURL_VERSION_NUM < 0x075000
#define CURLOPT_PREREQFUNCTION ((CURLoption)20312)
#define CURLOPT_PREREQDATA ((CURLoption)10313)
#define CURL_PREREQFUNC_OK 0
#define CURL_PREREQFUNC_ABORT 1
#endif

enum {
    REFUSAL_BODY_MS = 3000, /* for the body of a refusal, which only gives its code and text */
    /* The shortest time without a TCP acknowledgement after which a connection is dead. */
    SILENCE_MIN_MS = 5000,
};

static size_t on_header(char *line, size_t one, size_t size, void *context)
{
    struct transfer *transfer = context;
    bool ok = http_reader_line(&transfer->reader, line, one * size);

    if (transfer->refused_ms == 0 && http_reader_is_refusal(&transfer->reader)) {
        transfer->refused_ms = clock_monotonic_ms(NULL);
        curl_easy_setopt(transfer->easy, CURLOPT_NOPROGRESS, 0L);
    }
    /* Any other number than size ends the transfer. */
    return ok ? size : 0;
}

static size_t on_body(char *data, size_t one, size_t size, void *context)
{
    struct transfer *transfer = context;

    return http_reader_body(&transfer->reader, data, one * size) ? size : 0;
}

/* Called about once a second, and only after the head of a refusal. */
static int on_progress(void *context, curl_off_t download_size, curl_off_t downloaded,
                       curl_off_t upload_size, curl_off_t uploaded)
{
    const struct transfer *transfer = context;

    (void)download_size, (void)downloaded, (void)upload_size, (void)uploaded;
    return clock_monotonic_ms(NULL) - transfer->refused_ms > REFUSAL_BODY_MS;
}

/* ---- One sending ----
 * If a reused connection is closed before the response, libcurl would send the request again by
 * itself, over another connection. libcurl from 7.80 on asks on_request() before each sending;
 * before 7.80 on_debug() learns of the first one. */

static void note_sending(struct transfer *transfer)
{
    if (transfer->written)
        return;
    transfer->written = true;
    transfer->reused = !transfer->opened;
}

static int on_request(void *context, char *remote_ip, char *local_ip, int remote_port,
                      int local_port)
{
    struct transfer *transfer = context;

    (void)remote_ip, (void)local_ip, (void)remote_port, (void)local_port;
    if (transfer->written)
        return CURL_PREREQFUNC_ABORT;
    note_sending(transfer);
    return CURL_PREREQFUNC_OK;
}

/* True for a piece of the request that was written to the hub. The request to a proxy precedes it.
 */
static bool is_request(curl_infotype type, const char *data, size_t size)
{
    static const char connect[] = "CONNECT ";

    return (type == CURLINFO_HEADER_OUT || type == CURLINFO_DATA_OUT)
           && (size < strlen(connect) || memcmp(data, connect, strlen(connect)) != 0);
}

static int on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *context)
{
    struct transfer *transfer = context;
    const struct http_curl_options *options = &transfer->transport->options;

    if (transfer->lacks_prereq && is_request(type, data, size)) {
        note_sending(transfer);
        /* For a second sending, which on_socket() then prevents. */
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    }
    /* Other types include headers, with the token: observe.c traces them, masked. */
    if (type == CURLINFO_TEXT && options->note != NULL)
        options->note(options->note_context, data, size);
    return 0;
}

/* ---- Connections ---- */

/* Creates the socket itself, to learn which address is tried: libcurl does not say when connecting
 * fails. Non-blocking: libcurl does not check whether it could set that, and would hang past the
 * time-out. TCP_USER_TIMEOUT ends a connection whose peer acknowledges no TCP segment for longer
 * than connecting may take, for example because a NAT has dropped it. */
static curl_socket_t on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct transfer *transfer = context;
    char *address = transfer->connection.address;
    int silence_ms = transfer->request->connect_timeout_ms > SILENCE_MIN_MS
                         ? transfer->request->connect_timeout_ms
                         : SILENCE_MIN_MS;
    int fd;

    (void)purpose;
    if (transfer->written)
        return CURL_SOCKET_BAD;
    transfer->opened = true;
    fd = socket(to->family, to->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to->protocol);
    (void)getnameinfo(&to->addr, to->addrlen, address, sizeof transfer->connection.address, NULL, 0,
                      NI_NUMERICHOST);
    /* A precaution: failure is ignored. */
    if (fd >= 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence_ms, sizeof silence_ms);
    return fd;
}

/* libcurl from 8.0 on names the peer of a connection only when TLS is established, too. So the
 * socket itself shows how far an attempt has come that fails before. */
static int on_close(void *context, curl_socket_t fd)
{
    struct transfer *transfer = context;
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;

    if (transfer->opened && getpeername(fd, (struct sockaddr *)&peer, &size) == 0)
        transfer->connected = true;
    return close(fd);
}

static CURLcode on_ssl_context(CURL *easy, void *ssl_context, void *context)
{
    struct transfer *transfer = context;

    (void)easy;
    transfer->connected = true;
    tls_trust_use(&transfer->transport->trust, ssl_context);
    transfer->trust_version = transfer->transport->trust.version;
    return tls_watch(ssl_context, &transfer->tls, &transfer->transport->cache)
               ? CURLE_OK
               : CURLE_OUT_OF_MEMORY;
}

void transfer_set_callbacks(struct transfer *transfer)
{
    CURL *easy = transfer->easy;

    SET(transfer, CURLOPT_HEADERFUNCTION, on_header);
    SET(transfer, CURLOPT_HEADERDATA, transfer);
    SET(transfer, CURLOPT_WRITEFUNCTION, on_body);
    SET(transfer, CURLOPT_WRITEDATA, transfer);
    SET(transfer, CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(transfer, CURLOPT_XFERINFODATA, transfer);
    SET(transfer, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    SET(transfer, CURLOPT_OPENSOCKETDATA, transfer);
    SET(transfer, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    SET(transfer, CURLOPT_CLOSESOCKETDATA, transfer);
    SET(transfer, CURLOPT_SSL_CTX_FUNCTION, on_ssl_context);
    SET(transfer, CURLOPT_SSL_CTX_DATA, transfer);
    SET(transfer, CURLOPT_PRIVATE, transfer);
    SET(transfer, CURLOPT_ERRORBUFFER, transfer->detail);
    transfer->lacks_prereq = curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request) != CURLE_OK
                             || curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer) != CURLE_OK;
    if (transfer->lacks_prereq || transfer->transport->options.note != NULL) {
        SET(transfer, CURLOPT_DEBUGFUNCTION, on_debug);
        SET(transfer, CURLOPT_DEBUGDATA, transfer);
        SET(transfer, CURLOPT_VERBOSE, 1L);
    }
}
