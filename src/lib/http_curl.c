/* All that knows libcurl: a slot for each request under way, the options that hold for all, and
 * what libcurl's codes mean. It never sends twice: that is the retry policy's to decide. */
#include "http_curl.h"

#include "clock.h"
#include "http_failure.h"
#include "http_reader.h"
#include "status.h"
#include "tls.h"

#include <curl/curl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STALL_S = 30,           /* under 1 byte a second for this long is given up */
    REFUSAL_BODY_MS = 3000, /* for a refusal's body: it only serves code and text */
    /* A connection that was idle for longer is not reused: a NAT or a proxy may have forgotten it
     * without a word. libcurl would reuse it for 118 s. */
    IDLE_MAX_S = 20,
    SILENCE_MIN_MS =
        5000, /* shortest time without any TCP acknowledgement that ends a connection */
    UPLOAD_BUFFER = 16384, /* libcurl's smallest */
};

/* One transfer: an easy handle that is used again and again, and the answer that it gathers. */
struct slot {
    struct slot *next; /* of the list that this slot is in */
    struct web *web;
    CURL *easy;
    const struct http_request *request; /* NULL: the slot is free */
    void *tag;
    struct curl_slist *lines; /* the request's headers */
    struct http_reader reader;
    bool opened;                  /* a socket, for this transfer */
    bool written;                 /* the request may have left */
    bool reused;                  /* over a connection that was kept */
    int64_t refused_ms;           /* when a refusal's head was complete; 0: it was not */
    int64_t deadline_ms;          /* the request's time-out ends then */
    size_t received;              /* bytes of the response, when the deadline was last checked */
    const char *ca_file, *ca_dir; /* what easy trusts */
    struct tls_verdict tls;
    struct c2d_connection connection;
    char detail[CURL_ERROR_SIZE];
};

struct web {
    CURLM *multi;
    struct slot *slots;
    int64_t deadline_ms; /* no transfer's is earlier */
    struct curl_slist *connect_to;
    struct buf url; /* of the hub; what is behind it is each request's own, and not parsed again */
    struct http_curl_options options;
    struct tls_trust trust;
    bool has_trust; /* the options' own was checked with them, the system's is at the first start */
    struct tls_cache cache;
    bool asked_for_certificate; /* ever: a session that is resumed does not ask again */
};

/* ---- What libcurl calls ---- */

static size_t on_header(char *line, size_t one, size_t size, void *context)
{
    struct slot *slot = context;
    bool ok = http_reader_line(&slot->reader, line, one * size);

    if (slot->refused_ms == 0 && http_reader_is_refusal(&slot->reader)) {
        slot->refused_ms = clock_monotonic_ms(NULL);
        curl_easy_setopt(slot->easy, CURLOPT_NOPROGRESS, 0L);
    }
    /* Any other number than size makes libcurl give the transfer up. */
    return ok ? size : 0;
}

static size_t on_body(char *data, size_t one, size_t size, void *context)
{
    struct slot *slot = context;

    return http_reader_body(&slot->reader, data, one * size) ? size : 0;
}

/* Called about once a second, and only after the head of a refusal. */
static int on_progress(void *context, curl_off_t download_size, curl_off_t downloaded,
                       curl_off_t upload_size, curl_off_t uploaded)
{
    const struct slot *slot = context;

    (void)download_size, (void)downloaded, (void)upload_size, (void)uploaded;
    return clock_monotonic_ms(NULL) - slot->refused_ms > REFUSAL_BODY_MS;
}

/* libcurl sends a request again, unseen, when a kept-alive connection dies before the answer. The
 * second call within one transfer stops that: only the retry policy sends again, and counts. */
static int on_request(void *context, char *remote_ip, char *local_ip, int remote_port,
                      int local_port)
{
    struct slot *slot = context;

    (void)remote_ip, (void)local_ip, (void)remote_port, (void)local_port;
    if (slot->written)
        return CURL_PREREQFUNC_ABORT;
    slot->written = true;
    slot->reused = !slot->opened;
    return CURL_PREREQFUNC_OK;
}

/* Creates the socket itself, to learn which address is tried: libcurl does not say when connecting
 * fails. Non-blocking: libcurl does not check whether it could set that, and would hang past the
 * time-out. A peer that acknowledges nothing, not even a TCP segment, for longer than a connection
 * may take is gone, as behind a NAT that has forgotten the connection. */
static curl_socket_t on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct slot *slot = context;
    char *address = slot->connection.address;
    int fd = socket(to->family, to->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to->protocol);
    int silence_ms = slot->request->connect_timeout_ms > SILENCE_MIN_MS
                         ? slot->request->connect_timeout_ms
                         : SILENCE_MIN_MS;

    (void)purpose;
    slot->opened = true;
    (void)getnameinfo(&to->addr, to->addrlen, address, sizeof slot->connection.address, NULL, 0,
                      NI_NUMERICHOST);
    /* Only a precaution: it need not succeed. */
    if (fd >= 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence_ms, sizeof silence_ms);
    return fd;
}

static CURLcode on_ssl_context(CURL *easy, void *ssl_context, void *context)
{
    struct slot *slot = context;

    (void)easy;
    return tls_watch(ssl_context, &slot->tls, &slot->web->cache) ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

static int on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *context)
{
    const struct http_curl_options *options = context;

    (void)easy;
    /* Headers come here too, with the token: observe.c shows them, masked. */
    if (type == CURLINFO_TEXT)
        options->note(options->note_context, data, size);
    return 0;
}

/* ---- Transfers ---- */

/* The same for every request. */
static const struct {
    CURLoption option;
    long value;
} fixed[] = {
    { CURLOPT_NOSIGNAL, 1 },
    { CURLOPT_QUICK_EXIT, 1 }, /* a dead name server holds nobody up */
    /* Each transfer takes and gives back both, and with the larger ones that libcurl would take
     * malloc() gives memory back to the system each time: most messages are small. */
    { CURLOPT_BUFFERSIZE, 4096 },
    { CURLOPT_MAXAGE_CONN, IDLE_MAX_S },
    { CURLOPT_LOW_SPEED_LIMIT, 1 },
    { CURLOPT_FOLLOWLOCATION, 0 },
    { CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 }, /* 2 would change the case of properties */
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

/* What is trusted now, unless the slot has it already. */
static bool set_trust(struct slot *slot)
{
    const struct tls_trust *trust = &slot->web->trust;
    CURL *easy = slot->easy;

    if (slot->ca_file == trust->file && slot->ca_dir == trust->dir)
        return true;
    if (!set_text(easy, CURLOPT_CAINFO, trust->file) || !set_text(easy, CURLOPT_CAPATH, trust->dir)
        || !set_text(easy, CURLOPT_PROXY_CAINFO, trust->file)
        || !set_text(easy, CURLOPT_PROXY_CAPATH, trust->dir))
        return false;
    /* Not before: what is only half set must not pass for set at the next request. */
    slot->ca_file = trust->file;
    slot->ca_dir = trust->dir;
    return true;
}

/* Which of a proxy's methods may be used. libcurl picks the strongest that is offered and stays
 * with it, and Negotiate needs a ticket, not a password. */
static long proxy_methods(const struct proxy *proxy)
{
    return proxy_has_password(proxy) ? (long)(CURLAUTH_ANY & ~CURLAUTH_NEGOTIATE)
                                     : (long)CURLAUTH_ANY;
}

static bool set_options(CURL *easy, const struct web *web)
{
    const struct http_curl_options *options = &web->options;

    /* SOCKS: the proxy picks. This fails only where libcurl has no GSS-API anyway. */
    if (proxy_has_password(options->proxy))
        (void)curl_easy_setopt(easy, CURLOPT_SOCKS5_AUTH, (long)CURLAUTH_BASIC);
    if (curl_easy_setopt(easy, CURLOPT_PROXYAUTH, proxy_methods(options->proxy)) != CURLE_OK)
        return false;
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (curl_easy_setopt(easy, fixed[i].option, fixed[i].value) != CURLE_OK)
            return false;
    /* Not NULL, the first two: libcurl would ask the environment. */
    return set_text(easy, CURLOPT_PROXY, options->proxy->name)
           && set_text(easy, CURLOPT_NOPROXY, "")
           && set_text(easy, CURLOPT_PROXYUSERPWD, options->proxy->secret.data)
           && set_text(easy, CURLOPT_URL, web->url.data)
           && set_text(easy, CURLOPT_PROTOCOLS_STR, "https")
           && set_text(easy, CURLOPT_USERAGENT, "libc2d/" C2D_VERSION)
           && set_text(easy, CURLOPT_SSLCERT, options->cert_file)
           && set_text(easy, CURLOPT_SSLKEY, options->key_file)
           && set_text(easy, CURLOPT_KEYPASSWD, "") /* never asked for at a terminal */
           && curl_easy_setopt(easy, CURLOPT_CONNECT_TO, web->connect_to) == CURLE_OK;
}

static void set_callbacks(CURL *easy, struct slot *slot)
{
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, slot);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, slot);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, slot);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, slot);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, slot);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_context);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, slot);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, slot);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, slot->detail);
    if (slot->web->options.note != NULL) {
        curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_debug);
        curl_easy_setopt(easy, CURLOPT_DEBUGDATA, &slot->web->options);
        curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
    }
}

static struct slot *slot_new(struct web *web)
{
    struct slot *slot = calloc(1, sizeof *slot);

    if (slot == NULL)
        return NULL;
    slot->web = web;
    slot->ca_file = ""; /* as no file is called: none was set yet */
    http_reader_init(&slot->reader);
    slot->easy = curl_easy_init();
    if (slot->easy == NULL || !set_options(slot->easy, web)) {
        curl_easy_cleanup(slot->easy);
        free(slot);
        return NULL;
    }
    set_callbacks(slot->easy, slot);
    slot->next = web->slots;
    web->slots = slot;
    return slot;
}

static bool append_text(struct curl_slist **lines, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*lines, text);

    if (longer != NULL)
        *lines = longer;
    return longer != NULL; /* else the list is as it was */
}

static bool append_line(struct curl_slist **lines, const char *name, const char *separator,
                        const char *value)
{
    struct buf line = { 0 };
    bool ok = buf_reserve(&line, strlen(name) + strlen(separator) + strlen(value)) != NULL
              && buf_text(&line, name) && buf_text(&line, separator) && buf_text(&line, value)
              && append_text(lines, line.data);

    buf_clear(&line);
    return ok;
}

static bool set_headers(struct slot *slot, const struct http_request *request)
{
    const struct http_headers *headers = &request->headers;
    bool ok = true;

    /* "Name:" takes away a header that libcurl would add: this one for large bodies, which mean
     * over 1 KiB in its older versions; the other for any POST. */
    if (request->body_size > 1024)
        ok = append_text(&slot->lines, "Expect:");
    if (ok && request->authorization != NULL)
        ok = append_line(&slot->lines, "Authorization", ": ", request->authorization);
    if (ok && strcmp(request->method, "POST") == 0
        && http_headers_get(headers, "Content-Type") == NULL)
        ok = append_text(&slot->lines, "Content-Type:");
    for (size_t i = 0; ok && i < headers->count; i++) {
        const char *value = http_header_value(headers, i);

        /* libcurl drops "Name:" with nothing behind it; "Name;" is how it sends an empty value. */
        ok = append_line(&slot->lines, http_header_name(headers, i), *value == '\0' ? ";" : ": ",
                         value);
    }
    return ok && curl_easy_setopt(slot->easy, CURLOPT_HTTPHEADER, slot->lines) == CURLE_OK;
}

/* Without a body the whole head must fit: libcurl stops sending after the second buffer of a head
 * where it has no body to wait for. */
static long upload_buffer(const struct slot *slot, const struct http_request *request)
{
    size_t size = request->url.size + 1024; /* with what libcurl adds */

    for (const struct curl_slist *line = slot->lines; line != NULL; line = line->next)
        size += strlen(line->data) + strlen("\r\n");
    return request->body_size > 0 || size < UPLOAD_BUFFER ? UPLOAD_BUFFER : (long)size;
}

static bool set_request(struct slot *slot, const struct http_request *request)
{
    CURL *easy = slot->easy;

    if (strcmp(request->method, "POST") == 0) {
        /* libcurl copies no POSTFIELDS. An empty body goes out as Content-Length: 0, which abandon
         * needs: the hub refuses a POST without one. */
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
           && set_trust(slot) && set_headers(slot, request)
           && curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, upload_buffer(slot, request))
                  == CURLE_OK;
}

static void slot_release(struct slot *slot)
{
    /* libcurl frees its lists unwiped, and one line holds the token. */
    for (struct curl_slist *line = slot->lines; line != NULL; line = line->next)
        wipe(line->data, strlen(line->data));
    curl_slist_free_all(slot->lines);
    slot->lines = NULL;
    curl_easy_setopt(slot->easy, CURLOPT_HTTPHEADER, NULL);
    http_reader_clear(&slot->reader);
    slot->request = NULL;
}

/* ---- Ends ---- */

/* libcurl has one code for two time-outs, and the request's own is ours. */
static enum http_failure_kind timeout_kind(const struct slot *slot)
{
    if (clock_monotonic_ms(NULL) >= slot->deadline_ms)
        return HTTP_TIMEOUT;
    return slot->written ? HTTP_STALLED : HTTP_CONNECT_TIMEOUT;
}

/* What a code means by itself; all others mean a connection that was cut. */
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

/* libcurl has no code for a lack of memory within OpenSSL. */
static bool is_of_tls(CURLcode code)
{
    return code == CURLE_SSL_CONNECT_ERROR || code == CURLE_SSL_CERTPROBLEM
           || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_PEER_FAILED_VERIFICATION;
}

static enum http_failure_kind kind_by_code(const struct slot *slot, CURLcode code)
{
    if (is_of_tls(code) && tls_lacked_memory())
        return HTTP_NO_MEMORY;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return timeout_kind(slot);
    if (code == CURLE_OUT_OF_MEMORY && slot->written && !slot->reader.head_complete)
        return HTTP_NOT_HTTP; /* what libcurl says of a header line over 100 KiB */
    if (code == CURLE_COULDNT_RESOLVE_HOST && strstr(slot->detail, "thread") != NULL)
        return HTTP_NO_THREAD;
    if (code == CURLE_SSL_CONNECT_ERROR && strstr(slot->detail, "legacy renegotiation") != NULL)
        return HTTP_OLD_TLS;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].code == code)
            return kinds[i].kind;
    return HTTP_CUT;
}

/* On a reused connection these say nothing of the hub: it may have been dead, or still have held
 * late bytes of an earlier response. */
static bool is_stale(const struct slot *slot, enum http_failure_kind kind)
{
    return slot->reused && slot->reader.broken.status == C2D_OK
           && (kind == HTTP_CUT || kind == HTTP_NOT_HTTP || kind == HTTP_STALLED);
}

/* The proxy's answer to CONNECT. SOCKS has reasons of its own, here as what HTTP would say. */
static int proxy_status(const struct slot *slot, CURLcode code, bool *credentials_used)
{
    long http = 0, socks = 0, offered = 0;

    curl_easy_getinfo(slot->easy, CURLINFO_HTTP_CONNECTCODE, &http);
    curl_easy_getinfo(slot->easy, CURLINFO_PROXYAUTH_AVAIL, &offered);
    offered &= proxy_methods(slot->web->options.proxy);
    *credentials_used = offered != 0 && (offered & (long)CURLAUTH_NEGOTIATE) == 0;
    if (code != CURLE_PROXY)
        return (int)http;
    curl_easy_getinfo(slot->easy, CURLINFO_PROXY_ERROR, &socks);
    *credentials_used = socks != CURLPX_NO_AUTH;
    if (socks == CURLPX_NO_AUTH || socks == CURLPX_USER_REJECTED)
        return 407;
    if (socks == CURLPX_REPLY_NOT_ALLOWED)
        return 403;
    return socks >= CURLPX_REPLY_ADDRESS_TYPE_NOT_SUPPORTED && socks <= CURLPX_REPLY_UNASSIGNED
               ? 502
               : 0;
}

static void note_connection(struct slot *slot)
{
    struct c2d_connection *connection = &slot->connection;
    const char *ip = NULL;
    long port = 0;

    curl_easy_getinfo(slot->easy, CURLINFO_PRIMARY_IP, &ip);
    curl_easy_getinfo(slot->easy, CURLINFO_PRIMARY_PORT, &port);
    if (ip != NULL && *ip != '\0') {
        snprintf(connection->address, sizeof connection->address, "%s", ip);
        connection->port = (int)port;
    }
    tls_tell(&slot->tls, connection);
}

static void describe(struct slot *slot, CURLcode code, struct http_done *done)
{
    enum http_failure_kind kind = kind_by_code(slot, code);
    struct http_failure failure = {
        .request = slot->request,
        .proxy = slot->web->options.proxy,
        .named = slot->connection.address[0] != '\0',
        .connected = slot->connection.port != 0,
        .written = slot->written,
        .detail = slot->detail[0] != '\0' ? slot->detail : curl_easy_strerror(code),
        .tls = &slot->tls,
        .broken = &slot->reader.broken,
        .ca_from_environment = slot->web->options.ca_from_environment,
    };

    done->stale = is_stale(slot, kind);
    failure.kind = done->stale && kind != HTTP_STALLED ? HTTP_STALE : kind;
    failure.proxy_status = proxy_status(slot, code, &failure.credentials_used);
    if (code == CURLE_OK)
        failure.detail = "it was cut";
    if (code == CURLE_ABORTED_BY_CALLBACK)
        failure.detail = "it had died";
    http_failure_describe(&failure, &done->error);
}

static bool begin(struct slot *slot)
{
    slot->opened = slot->written = slot->reused = false;
    slot->detail[0] = '\0';
    slot->tls = (struct tls_verdict) { 0 };
    slot->connection = (struct c2d_connection) { 0 };
    if (slot->refused_ms != 0)
        curl_easy_setopt(slot->easy, CURLOPT_NOPROGRESS, 1L);
    slot->refused_ms = 0;
    return curl_multi_add_handle(slot->web->multi, slot->easy) == CURLM_OK;
}

static void finish(struct slot *slot, CURLcode code, struct http_done *done)
{
    long connects = 0;
    /* CURLE_OK alone is not enough: libcurl gives it for headers cut before their end, too. */
    bool counts = http_reader_counts(&slot->reader, code == CURLE_OK)
                  || (code == CURLE_OPERATION_TIMEDOUT && http_reader_is_whole(&slot->reader));

    slot->web->asked_for_certificate = slot->web->asked_for_certificate || slot->tls.asked;
    curl_easy_getinfo(slot->easy, CURLINFO_NUM_CONNECTS, &connects);
    /* A failure is told by how far it came, on a connection that was kept, too. */
    if (!counts || connects > 0)
        note_connection(slot);
    *done = (struct http_done) {
        .tag = slot->tag,
        .written = slot->written,
        .asked_for_certificate = slot->web->asked_for_certificate,
        .connection = slot->connection,
    };
    if (!counts) {
        describe(slot, code, done);
        buf_clear(&slot->reader.response.body);
    }
    if (counts || slot->reader.head_complete) {
        done->response = slot->reader.response;
        slot->reader.response = (struct http_response) { 0 };
    }
    slot_release(slot);
}

/* The next transfer that has ended, if one has. */
static bool reap(struct web *web, struct http_done *done)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(web->multi, &left)) != NULL) {
        char *context = NULL;
        struct slot *slot;
        CURLcode code = message->data.result; /* message goes with the handle */

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &context);
        slot = (struct slot *)(void *)context;
        curl_multi_remove_handle(web->multi, slot->easy);
        /* Once more, with more certificates to look for the issuer in, or without a session. */
        if ((tls_trust_widen(&web->trust, slot->ca_file, &slot->tls) || tls_start_over(&slot->tls))
            && set_trust(slot) && begin(slot))
            continue;
        finish(slot, code, done);
        return true;
    }
    return false;
}

/* ---- The seam ---- */

static enum c2d_status web_start(void *self, const struct http_request *request, void *tag,
                                 struct c2d_error *error)
{
    struct web *web = self;
    struct slot *slot = web->slots;

    /* Not before: what needs no hub needs no trust store. */
    if (!web->has_trust) {
        enum c2d_status status = tls_check_system_trust(&web->trust, error);

        if (status != C2D_OK)
            return status;
        web->has_trust = true;
    }
    /* Connections belong to the multi handle: any free slot may take over a kept one. */
    while (slot != NULL && slot->request != NULL)
        slot = slot->next;
    if (slot == NULL)
        slot = slot_new(web);
    if (slot == NULL)
        return fail_memory(error);
    slot->request = request;
    slot->tag = tag;
    slot->received = 0;
    slot->deadline_ms = clock_monotonic_ms(NULL) + request->timeout_ms;
    if (slot->deadline_ms < web->deadline_ms)
        web->deadline_ms = slot->deadline_ms;
    if (set_request(slot, request) && begin(slot))
        return C2D_OK;
    slot_release(slot);
    return fail_memory(error);
}

/* libcurl checks a time-out before it reads from the socket. After the process was stopped for a
 * while, that would lose responses that have come in meanwhile. So the request's time-out is kept
 * here, after a look at the sockets: ends a transfer whose deadline came before that look, unless
 * the look has brought something for it. */
static bool end_late(struct web *web, int64_t looked_ms, struct http_done *done)
{
    struct slot *late = NULL;

    if (looked_ms < web->deadline_ms)
        return false;
    web->deadline_ms = INT64_MAX;
    for (struct slot *slot = web->slots; slot != NULL; slot = slot->next) {
        size_t received = slot->reader.header_bytes + slot->reader.response.body.size;

        if (slot->request == NULL)
            continue;
        if (slot->deadline_ms < web->deadline_ms)
            web->deadline_ms = slot->deadline_ms;
        if (slot->deadline_ms > looked_ms)
            continue;
        if (received == slot->received)
            late = slot;
        slot->received = received;
    }
    if (late == NULL)
        return false;
    curl_multi_remove_handle(web->multi, late->easy);
    snprintf(late->detail, sizeof late->detail, "%d ms have passed", late->request->timeout_ms);
    finish(late, CURLE_OPERATION_TIMEDOUT, done);
    return true;
}

static bool web_wait(void *self, int64_t timeout_ms, int cancel_fd, struct http_done *done)
{
    struct web *web = self;
    struct curl_waitfd cancel = { .fd = cancel_fd, .events = CURL_WAIT_POLLIN };
    int64_t deadline_ms;

    /* What has ended together goes out before libcurl looks at all the others again. */
    if (reap(web, done))
        return true;
    deadline_ms = clock_monotonic_ms(NULL) + timeout_ms;
    for (;;) {
        int running = 0;
        int64_t looked_ms = clock_monotonic_ms(NULL), left_ms;

        curl_multi_perform(web->multi, &running);
        if (reap(web, done) || end_late(web, looked_ms, done))
            return true;
        if (looked_ms >= deadline_ms || cancel.revents != 0)
            return false;
        left_ms = (deadline_ms < web->deadline_ms ? deadline_ms : web->deadline_ms) - looked_ms;
        if (left_ms < 0)
            left_ms = 0;
        if (curl_multi_poll(web->multi, &cancel, cancel_fd >= 0 ? 1 : 0,
                            left_ms > 60000 ? 60000 : (int)left_ms, NULL)
            != CURLM_OK)
            return false;
    }
}

static void web_cancel(void *self, void *tag)
{
    struct web *web = self;

    for (struct slot *slot = web->slots; slot != NULL; slot = slot->next) {
        if (slot->request == NULL || slot->tag != tag)
            continue;
        curl_multi_remove_handle(web->multi, slot->easy);
        slot_release(slot);
    }
}

static void web_destroy(void *self)
{
    struct web *web = self;

    for (struct slot *slot = web->slots; slot != NULL; slot = slot->next) {
        curl_multi_remove_handle(web->multi, slot->easy);
        slot_release(slot);
        curl_easy_cleanup(slot->easy);
    }
    /* Closing connections still tells their slots' verdicts: the slots go last. */
    curl_multi_cleanup(web->multi);
    for (struct slot *slot = web->slots, *next; slot != NULL; slot = next) {
        next = slot->next;
        free(slot);
    }
    curl_slist_free_all(web->connect_to);
    buf_clear(&web->url);
    tls_cache_clear(&web->cache);
    free(web);
    curl_global_cleanup();
}

/* What a session depends on is what the options say, and the system's store. */
static bool set_up_cache(struct web *web)
{
    const struct http_curl_options *options = &web->options;

    web->cache = (struct tls_cache) {
        .dir = options->tls_cache,
        .host = options->host,
        .proxy = options->proxy->name,
        .connect_to = options->connect_to,
        .ca_file = web->trust.file,
        .ca_dir = web->trust.dir,
        .ca_fallback = web->trust.fallback,
        .cert_file = options->cert_file,
        .key_file = options->key_file,
        .note = options->note,
        .note_context = options->note_context,
    };
    return tls_cache_init(&web->cache);
}

enum c2d_status http_curl_new(struct http_transport *transport,
                              const struct http_curl_options *options, struct c2d_error *error)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    struct web *web = calloc(1, sizeof *web);

    if (web == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(web);
        return fail_memory(error);
    }
    web->options = *options;
    web->deadline_ms = INT64_MAX;
    web->trust = (struct tls_trust) { .file = options->ca_file, .dir = options->ca_dir };
    web->has_trust = options->ca_file != NULL || options->ca_dir != NULL;
    if (!web->has_trust)
        tls_system_trust(info->cainfo, info->capath, &web->trust);
    web->multi = curl_multi_init();
    /* "::" is any host and port; SNI and the name check stay those of the URL. */
    if (web->multi == NULL || !buf_text(&web->url, "https://")
        || !buf_text(&web->url, options->host) || !set_up_cache(web)
        || (options->connect_to != NULL
            && !append_line(&web->connect_to, "::", "", options->connect_to))) {
        web_destroy(web);
        return fail_memory(error);
    }
    curl_multi_setopt(web->multi, CURLMOPT_MAXCONNECTS, (long)options->connections);
    *transport = (struct http_transport) { web_start, web_wait, web_cancel, web_destroy, web };
    return C2D_OK;
}
