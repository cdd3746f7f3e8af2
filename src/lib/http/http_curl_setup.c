/* The options of a transfer: those for all requests, and those of one. */
#include "http_curl_transfer.h"

#include "base/clock.h"
#include "base/error.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

/* The library in use may have options that these headers lack. */
#if LIBCURL_VERSION_NUM < 0x075000
#define CURLOPT_MAXLIFETIME_CONN ((CURLoption)314)
#endif
#if LIBCURL_VERSION_NUM < 0x075500
#define CURLOPT_PROTOCOLS_STR ((CURLoption)10318)
#endif
#if LIBCURL_VERSION_NUM < 0x075700
#define CURLOPT_CA_CACHE_TIMEOUT ((CURLoption)321)
#define CURLOPT_QUICK_EXIT ((CURLoption)322)
#endif

enum {
    STALL_S = 30, /* a transfer under 1 byte/s for this long has stalled */
    /* A connection that was idle for longer is not reused: a NAT or a proxy may have dropped it
     * silently. libcurl would reuse it for 118 s. */
    IDLE_MAX_S = 20,
    AGE_MAX_S = 300,       /* of a connection; then the name is resolved again, for a failover */
    UPLOAD_BUFFER = 16384, /* libcurl's smallest */
};

/* ---- Options for all requests ---- */

#define NAMED(option) option, #option

struct number_option {
    CURLoption option;
    const char *name;
    long value;
};

static const struct number_option fixed[] = {
    { NAMED(CURLOPT_NOSIGNAL), 1 },
    /* Each transfer allocates and frees this buffer and UPLOAD_BUFFER. With libcurl's larger
     * defaults malloc() would return the memory to the system each time. Most messages are small.
     */
    { NAMED(CURLOPT_BUFFERSIZE), 4096 },
    { NAMED(CURLOPT_MAXAGE_CONN), IDLE_MAX_S },
    { NAMED(CURLOPT_LOW_SPEED_LIMIT), 1 },
    { NAMED(CURLOPT_LOW_SPEED_TIME), STALL_S },
    { NAMED(CURLOPT_FOLLOWLOCATION), 0 },
    { NAMED(CURLOPT_HTTP_VERSION), CURL_HTTP_VERSION_1_1 }, /* 2 changes the case of names */
    { NAMED(CURLOPT_SSLVERSION), CURL_SSLVERSION_TLSv1_2 },
    { NAMED(CURLOPT_SSL_VERIFYPEER), 1 },
    { NAMED(CURLOPT_SSL_VERIFYHOST), 2 },
};

/* These only switch something off: a libcurl that lacks one does not do that. */
static const struct number_option precautions[] = {
    { NAMED(CURLOPT_QUICK_EXIT), 1 },       /* do not wait for a silent name server at the end */
    { NAMED(CURLOPT_CA_CACHE_TIMEOUT), 0 }, /* otherwise libcurl replaces our trust store */
    { NAMED(CURLOPT_NETRC), CURL_NETRC_IGNORED },
};

static const struct number_option for_proxy[] = {
    { NAMED(CURLOPT_PROXY_SSLVERSION), CURL_SSLVERSION_TLSv1_2 },
    { NAMED(CURLOPT_PROXY_SSL_VERIFYPEER), 1 },
    { NAMED(CURLOPT_PROXY_SSL_VERIFYHOST), 2 },
    { NAMED(CURLOPT_SUPPRESS_CONNECT_HEADERS), 1 },
    { NAMED(CURLOPT_HEADEROPT), CURLHEADER_SEPARATE }, /* the proxy never sees Authorization */
};

static void set_numbers(struct transfer *transfer, const struct number_option *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        transfer_note_option(transfer,
                             (int)curl_easy_setopt(transfer->easy, rows[i].option, rows[i].value),
                             rows[i].name);
}

/* libcurl uses the strongest method that the proxy offers, without a fallback. Negotiate needs a
 * ticket, so it is excluded where there is a password. */
long transfer_proxy_methods(const struct proxy *proxy)
{
    return proxy_has_password(proxy) ? (long)(CURLAUTH_ANY & ~CURLAUTH_NEGOTIATE)
                                     : (long)CURLAUTH_ANY;
}

static void set_proxy(struct transfer *transfer, const struct proxy *proxy)
{
    CURL *easy = transfer->easy;

    if (*proxy->name == '\0') {
        /* Not NULL: libcurl would read the environment. A libcurl without proxies does not. */
        (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
        return;
    }
    set_numbers(transfer, for_proxy, sizeof for_proxy / sizeof *for_proxy);
    /* With SOCKS the proxy chooses the method. This fails only if libcurl has no GSS-API. */
    if (proxy_has_password(proxy))
        (void)curl_easy_setopt(easy, CURLOPT_SOCKS5_AUTH, (long)CURLAUTH_BASIC);
    SET(transfer, CURLOPT_PROXYAUTH, transfer_proxy_methods(proxy));
    SET(transfer, CURLOPT_PROXY, proxy->name);
    SET(transfer, CURLOPT_NOPROXY, "");
    SET(transfer, CURLOPT_PROXYUSERPWD, proxy->secret.data);
    /* on_ssl_context() sets the trust store, also for an https proxy. */
    SET(transfer, CURLOPT_PROXY_CAINFO, NULL);
    SET(transfer, CURLOPT_PROXY_CAPATH, NULL);
}

static void set_options(struct transfer *transfer)
{
    struct curl_transport *transport = transfer->transport;
    CURL *easy = transfer->easy;

    set_numbers(transfer, fixed, sizeof fixed / sizeof *fixed);
    for (size_t i = 0; i < sizeof precautions / sizeof *precautions; i++)
        (void)curl_easy_setopt(easy, precautions[i].option, precautions[i].value);
    if (curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, (long)AGE_MAX_S) != CURLE_OK
        && transport->renew_ms == INT64_MAX)
        transport->renew_ms = clock_monotonic_ms(NULL) + INT64_C(1000) * AGE_MAX_S;
    set_proxy(transfer, transport->options.proxy);
    SET(transfer, CURLOPT_CAINFO, NULL); /* on_ssl_context() sets the trust store */
    SET(transfer, CURLOPT_CAPATH, NULL);
    SET(transfer, CURLOPT_URL, transport->url.data);
    /* Without redirects the URL decides already. */
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    SET(transfer, CURLOPT_USERAGENT, "libc2d/" C2D_VERSION);
    SET(transfer, CURLOPT_SSLCERT, transport->options.cert_file);
    SET(transfer, CURLOPT_SSLKEY, transport->options.key_file);
    SET(transfer, CURLOPT_KEYPASSWD, ""); /* never prompt for a pass phrase */
    SET(transfer, CURLOPT_CONNECT_TO, transport->connect_to);
}

/* ---- Transfers ---- */

void transfer_note_option(struct transfer *transfer, int code, const char *name)
{
    if (code == CURLE_OK || transfer->bad_option != NULL)
        return;
    transfer->bad_option = name;
    transfer->bad_option_code = code;
}

static enum c2d_status check_options(const struct transfer *transfer, struct c2d_error *error)
{
    if (transfer->bad_option == NULL)
        return C2D_OK;
    if (transfer->bad_option_code == CURLE_OUT_OF_MEMORY)
        return fail_memory(error);
    hint(error, "install a libcurl that is built with it");
    return fail(error, C2D_CONFIG, "libcurl %s refuses the option %s: %s",
                curl_version_info(CURLVERSION_NOW)->version, transfer->bad_option,
                curl_easy_strerror((CURLcode)transfer->bad_option_code));
}

enum c2d_status transfer_new(struct transfer **out, struct curl_transport *transport,
                             struct c2d_error *error)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);
    enum c2d_status status;

    if (transfer == NULL || (transfer->easy = curl_easy_init()) == NULL) {
        free(transfer);
        return fail_memory(error);
    }
    transfer->transport = transport;
    http_reader_init(&transfer->reader);
    set_options(transfer);
    transfer_set_callbacks(transfer);
    status = check_options(transfer, error);
    if (status != C2D_OK) {
        curl_easy_cleanup(transfer->easy);
        free(transfer);
        return status;
    }
    transfer->next = transport->transfers;
    transport->transfers = transfer;
    *out = transfer;
    return C2D_OK;
}

/* ---- Options for one request ---- */

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
    struct curl_slist **end = &transfer->lines;
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

        /* Otherwise libcurl would search the end of a longer list for each line. */
        while (*end != NULL)
            end = &(*end)->next;
        /* libcurl omits "Name:" without a value; "Name;" sends an empty value. */
        ok = transfer_append_line(end, http_header_name(headers, i), *value == '\0' ? ";" : ": ",
                                  value);
    }
    SET(transfer, CURLOPT_HTTPHEADER, transfer->lines);
    return ok;
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

/* libcurl before 7.80 does not limit the age of a connection. Then every AGE_MAX_S as many requests
 * as connections are kept open new ones, in place of which libcurl closes the old ones. */
static bool renews_connection(struct curl_transport *transport)
{
    int64_t now_ms;

    if (transport->renew_ms == INT64_MAX)
        return false;
    now_ms = clock_monotonic_ms(NULL);
    if (now_ms >= transport->renew_ms) {
        transport->renew_ms = now_ms + INT64_C(1000) * AGE_MAX_S;
        transport->renewals = transport->options.connections;
    }
    if (transport->renewals == 0)
        return false;
    transport->renewals--;
    return true;
}

static enum c2d_status set_request(struct transfer *transfer, struct c2d_error *error)
{
    const struct http_request *request = transfer->request;
    bool fresh = renews_connection(transfer->transport) || request->fresh;

    transfer->bad_option = NULL;
    if (strcmp(request->method, "POST") == 0) {
        /* libcurl does not copy POSTFIELDS. An empty body makes it send Content-Length: 0, without
         * which the hub refuses a POST (abandon). */
        SET(transfer, CURLOPT_POST, 1L);
        SET(transfer, CURLOPT_POSTFIELDS, request->body == NULL ? "" : request->body);
        SET(transfer, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
    } else {
        SET(transfer, CURLOPT_HTTPGET, 1L);
    }
    SET(transfer, CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
    SET(transfer, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout_ms);
    SET(transfer, CURLOPT_CUSTOMREQUEST, request->method);
    SET(transfer, CURLOPT_REQUEST_TARGET, request->url.data + request->path_at);
    if (!set_headers(transfer, request))
        return fail_memory(error);
    SET(transfer, CURLOPT_UPLOAD_BUFFERSIZE, upload_buffer(transfer, request));
    return check_options(transfer, error);
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
    transfer->opened = transfer->connected = transfer->written = transfer->reused = false;
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

enum c2d_status transfer_start(struct transfer *transfer, struct c2d_error *error)
{
    enum c2d_status status = set_request(transfer, error);

    return status != C2D_OK || transfer_begin(transfer) ? status : fail_memory(error);
}
