/* Options and callbacks of a transfer. A transfer sends once at most: the retry policy decides on
 * further attempts. */
#include "http_curl_transfer.h"

#include "base/clock.h"

#include <curl/curl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

enum {
    STALL_S = 30,           /* a transfer under 1 byte/s for this long has stalled */
    REFUSAL_BODY_MS = 3000, /* for the body of a refusal, which only gives its code and text */
    /* A connection that was idle for longer is not reused: a NAT or a proxy may have dropped it
     * silently. libcurl would reuse it for 118 s. */
    IDLE_MAX_S = 20,
    AGE_MAX_S = 300, /* of a connection; then the name is resolved again, for a failover */
    /* The shortest time without a TCP acknowledgement after which a connection is dead. */
    SILENCE_MIN_MS = 5000,
    UPLOAD_BUFFER = 16384, /* libcurl's smallest */
};

/* ---- Callbacks ---- */

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

/* If a reused connection is closed before the response, libcurl would send the request again by
 * itself. The second call within one transfer prevents that: only the retry policy may retry. */
static int on_request(void *context, char *remote_ip, char *local_ip, int remote_port,
                      int local_port)
{
    struct transfer *transfer = context;

    (void)remote_ip, (void)local_ip, (void)remote_port, (void)local_port;
    if (transfer->written)
        return CURL_PREREQFUNC_ABORT;
    transfer->written = true;
    transfer->reused = !transfer->opened;
    return CURL_PREREQFUNC_OK;
}

/* Creates the socket itself, to learn which address is tried: libcurl does not say when connecting
 * fails. Non-blocking: libcurl does not check whether it could set that, and would hang past the
 * time-out. TCP_USER_TIMEOUT ends a connection whose peer acknowledges no TCP segment for longer
 * than connecting may take, for example because a NAT has dropped it. */
static curl_socket_t on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct transfer *transfer = context;
    char *address = transfer->connection.address;
    int fd = socket(to->family, to->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to->protocol);
    int silence_ms = transfer->request->connect_timeout_ms > SILENCE_MIN_MS
                         ? transfer->request->connect_timeout_ms
                         : SILENCE_MIN_MS;

    (void)purpose;
    transfer->opened = true;
    (void)getnameinfo(&to->addr, to->addrlen, address, sizeof transfer->connection.address, NULL, 0,
                      NI_NUMERICHOST);
    /* A precaution: failure is ignored. */
    if (fd >= 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence_ms, sizeof silence_ms);
    return fd;
}

static CURLcode on_ssl_context(CURL *easy, void *ssl_context, void *context)
{
    struct transfer *transfer = context;

    (void)easy;
    tls_trust_use(&transfer->transport->trust, ssl_context);
    transfer->trust_version = transfer->transport->trust.version;
    return tls_watch(ssl_context, &transfer->tls, &transfer->transport->cache)
               ? CURLE_OK
               : CURLE_OUT_OF_MEMORY;
}

static int on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *context)
{
    const struct http_curl_options *options = context;

    (void)easy;
    /* Other types include headers, with the token: observe.c traces them, masked. */
    if (type == CURLINFO_TEXT)
        options->note(options->note_context, data, size);
    return 0;
}

/* ---- Transfers ---- */

/* Options that are the same for every request. */
static const struct {
    CURLoption option;
    long value;
} fixed[] = {
    { CURLOPT_NOSIGNAL, 1 },
    { CURLOPT_QUICK_EXIT, 1 }, /* do not wait for a name server that does not respond */
    /* Each transfer allocates and frees this buffer and UPLOAD_BUFFER. With libcurl's larger
     * defaults malloc() would return the memory to the system each time. Most messages are small.
     */
    { CURLOPT_BUFFERSIZE, 4096 },
    { CURLOPT_MAXAGE_CONN, IDLE_MAX_S },
    { CURLOPT_MAXLIFETIME_CONN, AGE_MAX_S },
    { CURLOPT_CA_CACHE_TIMEOUT, 0 }, /* otherwise libcurl replaces our trust store */
    { CURLOPT_LOW_SPEED_LIMIT, 1 },
    { CURLOPT_FOLLOWLOCATION, 0 },
    { CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 }, /* 2 changes the case of property names */
    { CURLOPT_NETRC, CURL_NETRC_IGNORED },
    { CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
    { CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
    { CURLOPT_SSL_VERIFYPEER, 1 },
    { CURLOPT_SSL_VERIFYHOST, 2 },
    { CURLOPT_PROXY_SSL_VERIFYPEER, 1 },
    { CURLOPT_PROXY_SSL_VERIFYHOST, 2 },
    { CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
    { CURLOPT_HEADEROPT, CURLHEADER_SEPARATE }, /* the proxy never sees Authorization */
};

static bool set_text(CURL *easy, CURLoption option, const char *text)
{
    return curl_easy_setopt(easy, option, text) == CURLE_OK;
}

/* libcurl uses the strongest method that the proxy offers, without a fallback. Negotiate needs a
 * ticket, so it is excluded where there is a password. */
long transfer_proxy_methods(const struct proxy *proxy)
{
    return proxy_has_password(proxy) ? (long)(CURLAUTH_ANY & ~CURLAUTH_NEGOTIATE)
                                     : (long)CURLAUTH_ANY;
}

static bool set_options(CURL *easy, const struct curl_transport *transport)
{
    const struct http_curl_options *options = &transport->options;

    /* With SOCKS the proxy chooses the method. This fails only if libcurl has no GSS-API. */
    if (proxy_has_password(options->proxy))
        (void)curl_easy_setopt(easy, CURLOPT_SOCKS5_AUTH, (long)CURLAUTH_BASIC);
    if (curl_easy_setopt(easy, CURLOPT_PROXYAUTH, transfer_proxy_methods(options->proxy))
        != CURLE_OK)
        return false;
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (curl_easy_setopt(easy, fixed[i].option, fixed[i].value) != CURLE_OK)
            return false;
    /* on_ssl_context() sets the trust store. PROXY and NOPROXY are never NULL: libcurl would read
     * the environment. */
    return set_text(easy, CURLOPT_CAINFO, NULL) && set_text(easy, CURLOPT_CAPATH, NULL)
           && set_text(easy, CURLOPT_PROXY_CAINFO, NULL)
           && set_text(easy, CURLOPT_PROXY_CAPATH, NULL)
           && set_text(easy, CURLOPT_PROXY, options->proxy->name)
           && set_text(easy, CURLOPT_NOPROXY, "")
           && set_text(easy, CURLOPT_PROXYUSERPWD, options->proxy->secret.data)
           && set_text(easy, CURLOPT_URL, transport->url.data)
           && set_text(easy, CURLOPT_PROTOCOLS_STR, "https")
           && set_text(easy, CURLOPT_USERAGENT, "libc2d/" C2D_VERSION)
           && set_text(easy, CURLOPT_SSLCERT, options->cert_file)
           && set_text(easy, CURLOPT_SSLKEY, options->key_file)
           && set_text(easy, CURLOPT_KEYPASSWD, "") /* never prompt for a pass phrase */
           && curl_easy_setopt(easy, CURLOPT_CONNECT_TO, transport->connect_to) == CURLE_OK;
}

static void set_callbacks(CURL *easy, struct transfer *transfer)
{
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_context);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->detail);
    if (transfer->transport->options.note != NULL) {
        curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_debug);
        curl_easy_setopt(easy, CURLOPT_DEBUGDATA, &transfer->transport->options);
        curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
    }
}

struct transfer *transfer_new(struct curl_transport *transport)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);

    if (transfer == NULL)
        return NULL;
    transfer->transport = transport;
    http_reader_init(&transfer->reader);
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL || !set_options(transfer->easy, transport)) {
        curl_easy_cleanup(transfer->easy);
        free(transfer);
        return NULL;
    }
    set_callbacks(transfer->easy, transfer);
    transfer->next = transport->transfers;
    transport->transfers = transfer;
    return transfer;
}

static bool append_text(struct curl_slist **lines, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*lines, text);

    if (longer != NULL)
        *lines = longer;
    return longer != NULL; /* on failure the list is unchanged */
}

bool transfer_append_line(struct curl_slist **lines, const char *name, const char *separator,
                          const char *value)
{
    struct buf line = { 0 };
    bool ok = buf_reserve(&line, strlen(name) + strlen(separator) + strlen(value)) != NULL
              && buf_text(&line, name) && buf_text(&line, separator) && buf_text(&line, value)
              && append_text(lines, line.data);

    buf_clear(&line);
    return ok;
}

static bool set_headers(struct transfer *transfer, const struct http_request *request)
{
    const struct http_headers *headers = &request->headers;
    bool ok = true;

    /* "Name:" removes a header that libcurl would add: Expect for large bodies (in older versions
     * over 1 KiB), Content-Type for any POST. */
    if (request->body_size > 1024)
        ok = append_text(&transfer->lines, "Expect:");
    if (ok && request->authorization != NULL)
        ok = transfer_append_line(&transfer->lines, "Authorization", ": ", request->authorization);
    if (ok && strcmp(request->method, "POST") == 0
        && http_headers_get(headers, "Content-Type") == NULL)
        ok = append_text(&transfer->lines, "Content-Type:");
    for (size_t i = 0; ok && i < headers->count; i++) {
        const char *value = http_header_value(headers, i);

        /* libcurl omits "Name:" without a value; "Name;" sends an empty value. */
        ok = transfer_append_line(&transfer->lines, http_header_name(headers, i),
                                  *value == '\0' ? ";" : ": ", value);
    }
    return ok && curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->lines) == CURLE_OK;
}

/* Without a body the whole head must fit into the buffer: libcurl stops sending such a head after
 * its second buffer. */
static long upload_buffer(const struct transfer *transfer, const struct http_request *request)
{
    size_t size = request->url.size + 1024; /* with what libcurl adds */

    for (const struct curl_slist *line = transfer->lines; line != NULL; line = line->next)
        size += strlen(line->data) + strlen("\r\n");
    return request->body_size > 0 || size < UPLOAD_BUFFER ? UPLOAD_BUFFER : (long)size;
}

static bool set_request(struct transfer *transfer)
{
    const struct http_request *request = transfer->request;
    CURL *easy = transfer->easy;

    if (strcmp(request->method, "POST") == 0) {
        /* libcurl does not copy POSTFIELDS. An empty body makes it send Content-Length: 0, without
         * which the hub refuses a POST (abandon). */
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body == NULL ? "" : request->body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
    } else {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->fresh ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout_ms);
    return set_text(easy, CURLOPT_CUSTOMREQUEST, request->method)
           && set_text(easy, CURLOPT_REQUEST_TARGET, request->url.data + request->path_at)
           && set_headers(transfer, request)
           && curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, upload_buffer(transfer, request))
                  == CURLE_OK;
}

void transfer_release(struct transfer *transfer)
{
    struct curl_transport *transport = transfer->transport;

    /* libcurl frees its lists without wiping them; one line holds the token. */
    for (struct curl_slist *line = transfer->lines; line != NULL; line = line->next)
        wipe(line->data, strlen(line->data));
    curl_slist_free_all(transfer->lines);
    transfer->lines = NULL;
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, NULL);
    http_reader_clear(&transfer->reader);
    if (transfer->request == NULL)
        return;
    transfer->request = NULL;
    /* Otherwise events_fd would become readable without anything to do. */
    if (--transport->running == 0) {
        transport->deadline_ms = INT64_MAX;
        transport->has_more = false;
    }
}

bool transfer_begin(struct transfer *transfer)
{
    transfer->opened = transfer->written = transfer->reused = false;
    transfer->detail[0] = '\0';
    /* These are large, and still empty after a transfer over a reused connection. */
    if (transfer->tls.started || transfer->connection.address[0] != '\0') {
        transfer->tls = (struct tls_verdict) { 0 };
        transfer->connection = (struct c2d_connection) { 0 };
    }
    if (transfer->refused_ms != 0)
        curl_easy_setopt(transfer->easy, CURLOPT_NOPROGRESS, 1L);
    transfer->refused_ms = 0;
    return curl_multi_add_handle(transfer->transport->multi, transfer->easy) == CURLM_OK;
}

bool transfer_start(struct transfer *transfer)
{
    return set_request(transfer) && transfer_begin(transfer);
}
