/* Describes a failed exchange: status, text, hint, and whether to retry. Refusals of a hub are
 * described in hub_error.c. */
#include "http_failure.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define CHECK_PORT "check that port 443 is open; if there is a proxy, set the proxy address"
#define CHECK_THREADS                                                                              \
    "this machine or container limits threads or processes: see ulimit -u, systemd's TasksMax=, "  \
    "a container's pids limit and its seccomp profile"
#define CHECK_PROXY "check that it is running, and host and port in the proxy address"

/* The text is "WHAT PEER: DETAIL", where the peer is the host or the proxy. proxy_hint is used
 * instead of hint if the peer is the proxy. */
static const struct {
    enum c2d_status status;
    bool retryable;
    const char *what, *hint, *proxy_hint;
} rows[] = {
    [HTTP_NO_NAME] = { C2D_NETWORK, true, "cannot find the address of",
                       "check HostName in the connection string, and this machine's name server; "
                       "if there is a proxy, set the proxy address",
                       "check its name in the proxy address, and this machine's name server" },
    [HTTP_NO_THREAD] = { C2D_NETWORK, true, "cannot start a thread to look up", CHECK_THREADS,
                         CHECK_THREADS },
    [HTTP_NO_CONNECTION] = { C2D_NETWORK, true, "cannot connect to", CHECK_PORT, CHECK_PROXY },
    [HTTP_CONNECT_TIMEOUT] = { C2D_NETWORK, true, "timed out connecting to", CHECK_PORT,
                               CHECK_PROXY },
    [HTTP_TLS_TIMEOUT] = { C2D_NETWORK, true, "TLS handshake timed out with",
                           "the peer accepts connections but does not speak TLS: check that it is "
                           "the hub; a firewall may block TLS",
                           "" },
    [HTTP_TLS_LOST] = { C2D_NETWORK, true, "the connection was lost in the TLS handshake with",
                        "a firewall may block TLS to this host: check from another network; if "
                        "there is a proxy, set the proxy address",
                        "" },
    [HTTP_LOST] = { C2D_NETWORK, true, "the connection was lost before the whole response from", "",
                    "check that the proxy address has the right kind: http, https or socks5h" },
    [HTTP_STALE] = { C2D_NETWORK, true, "a reused connection was lost before a response from", "",
                     "" },
    /* STALL_S of http_curl_setup.c. */
    [HTTP_STALLED] = { C2D_NETWORK, true, "no data for 30 s from", "", "" },
    [HTTP_TIMEOUT] = { C2D_TIMEOUT, true, "no response in time from", "", CHECK_PROXY },
    [HTTP_PROXY_AUTH_REQUIRED] = { C2D_AUTH, false, "proxy authentication required by", "",
                                   "set proxy user and password" },
    [HTTP_PROXY_AUTH_REFUSED] = { C2D_AUTH, false, "proxy authentication refused by", "",
                                  "check proxy user and password" },
    [HTTP_PROXY_METHOD] = { C2D_AUTH, false, "no usable authentication method offered by", "",
                            "it accepts no password, perhaps only Negotiate: get a Kerberos "
                            "ticket, and set ':' as proxy user and password" },
    /* Not retryable: the proxy's rules stay. What a proxy cannot reach may come back. */
    [HTTP_PROXY_FORBIDS] = { C2D_NETWORK, false, "the proxy refused to connect to",
                             "ask the proxy's administrator to allow CONNECT to this host and port",
                             "" },
    [HTTP_PROXY_FAILED] = { C2D_NETWORK, true, "cannot connect to",
                            "the proxy could not reach the hub: check HostName, and the kind of "
                            "proxy (http, https, socks5h)",
                            "" },
    [HTTP_NO_TLS] = { C2D_TLS, false, "TLS handshake failed with",
                      "check that it is a hub, with TLS 1.2 or later",
                      "most proxies are reached by http://HOST:PORT, also for https hubs" },
    [HTTP_OLD_TLS] = { C2D_TLS, false, "TLS handshake failed with",
                       "it lacks secure renegotiation, which hubs have: a middlebox that inspects "
                       "TLS is in between. Have it updated, or this host exempted from inspection",
                       "it lacks secure renegotiation: the proxy's TLS must be updated" },
    [HTTP_CLIENT_REFUSED] = { C2D_TLS, false, "client certificate refused by",
                              "check that the hub knows it or the CA that signed it, and that it "
                              "is still valid",
                              "the proxy requires a client certificate, which is not supported" },
    [HTTP_BAD_FILE] = { C2D_CONFIG, false, "cannot use a certificate file for", "", "" },
    [HTTP_NOT_HTTP] = { C2D_PROTOCOL, false, "not an HTTP response from", "", "" },
    /* The texts of these are made below. */
    [HTTP_NOT_TRUSTED] = { C2D_TLS, false, "", "", "" },
    [HTTP_BROKEN] = { C2D_PROTOCOL, false, "", "", "" },
    [HTTP_NO_MEMORY] = { C2D_OS, false, "", "", "" },
};

#define PASS_ROOT                                                                                  \
    "if that issuer is your company's inspecting proxy or your own CA, pass its root in a CA file"
#define PASS_BOTH "pass its root in a CA file, which must then also hold the hub's root"

/* Hints for a certificate that cannot be trusted: of the host, and of the proxy. None is retryable:
 * the next attempt would find the same certificate. */
static const struct {
    const char *hint, *proxy_hint;
} faults[] = {
    /* The chain is valid: libcurl has refused the name. */
    [TLS_NO_FAULT] = { "the certificate is for another name: check HostName, or set connect_to if "
                       "the connection goes to a private address",
                       "the certificate is for another name: check the proxy address" },
    [TLS_NO_ISSUER] = { PASS_ROOT "; if it has the root, the server omits an intermediate: add "
                                  "that to it",
                        PASS_BOTH },
    [TLS_SELF_SIGNED] = { PASS_ROOT, PASS_BOTH },
    [TLS_EXPIRED] = { "the certificate must be renewed, or this machine's clock is wrong", NULL },
    [TLS_NOT_YET_VALID] = { "check this machine's clock", NULL },
    [TLS_WEAK] = { "its key or signature is too weak: it needs RSA of 2048 bits or an elliptic "
                   "curve, signed with SHA-256",
                   NULL },
    [TLS_OTHER_FAULT] = { "the certificate, or one above it in its chain, must be replaced", NULL },
};

/* True if there is no proxy, or it has opened a tunnel to the host. */
static bool is_tunnel_open(const struct http_failure *failure)
{
    const char *proxy = failure->proxy->name;

    /* A handshake is with the host, unless the proxy is an https one. */
    return *proxy == '\0' || failure->written || failure->proxy_status / 100 == 2
           || (failure->tls->started && strncmp(proxy, "https:", 6) != 0);
}

/* Refines the kind by the facts of the failure. */
static enum http_failure_kind kind_of(const struct http_failure *failure, bool is_open)
{
    /* A request that timed out before it was written is described as such a connection, unless a
     * proxy is silent. */
    bool connects = !failure->written && (is_open || !failure->connected);
    enum http_failure_kind kind =
        failure->kind == HTTP_TIMEOUT && connects ? HTTP_CONNECT_TIMEOUT : failure->kind;

    if (failure->broken->status != C2D_OK)
        return HTTP_BROKEN;
    if (failure->tls->alert != NULL)
        return HTTP_CLIENT_REFUSED;
    if (!is_open && failure->proxy_status == 407)
        return failure->proxy->secret.size == 0 ? HTTP_PROXY_AUTH_REQUIRED
               : failure->credentials_used      ? HTTP_PROXY_AUTH_REFUSED
                                                : HTTP_PROXY_METHOD;
    if (!is_open && failure->proxy_status >= 300)
        return failure->proxy_status < 500 ? HTTP_PROXY_FORBIDS : HTTP_PROXY_FAILED;
    if (kind == HTTP_CONNECT_TIMEOUT && failure->connected)
        return is_open ? HTTP_TLS_TIMEOUT : HTTP_PROXY_FAILED;
    if (kind == HTTP_CONNECT_TIMEOUT && !failure->named)
        return HTTP_NO_NAME;
    /* libcurl does not report why a handshake through an https proxy failed. */
    if (kind == HTTP_NO_TLS && failure->tls->fault != TLS_NO_FAULT)
        return HTTP_NOT_TRUSTED;
    if (kind == HTTP_NO_TLS && !failure->tls->refused)
        kind = HTTP_LOST;
    if (kind == HTTP_LOST && is_open && failure->connected && !failure->written)
        return HTTP_TLS_LOST;
    return kind;
}

static enum c2d_step step_of(const struct http_failure *failure, enum http_failure_kind kind,
                             bool is_open)
{
    if (kind == HTTP_NO_MEMORY)
        return C2D_STEP_NONE;
    if (!failure->named)
        return C2D_STEP_NAME;
    if (!failure->connected || !is_open)
        return C2D_STEP_CONNECTION;
    /* With TLS 1.3 a client certificate may be refused after the request was sent. */
    return failure->written && kind != HTTP_CLIENT_REFUSED ? C2D_STEP_ANSWER : C2D_STEP_TLS;
}

/* "host:port", "host:port through the proxy URL" or "the proxy URL". */
static void name_peer(const struct http_failure *failure, bool at_proxy, char *out, size_t size)
{
    static const char scheme[] = "https://";
    size_t skip = strlen(scheme);
    const char *proxy = failure->proxy->name;

    if (at_proxy)
        snprintf(out, size, "the proxy %s", proxy);
    else
        snprintf(out, size, "%.*s%s%s", (int)(failure->request->path_at - skip),
                 failure->request->url.data + skip, *proxy != '\0' ? " through the proxy " : "",
                 proxy);
}

static void describe_certificate(const struct http_failure *failure, const char *peer,
                                 bool at_proxy, struct c2d_error *error)
{
    const struct tls_verdict *tls = failure->tls;
    const char *proxy_hint = faults[tls->fault].proxy_hint;
    bool lacks_root = tls->fault == TLS_NO_ISSUER || tls->fault == TLS_SELF_SIGNED;

    hint(error, "%s", at_proxy && proxy_hint != NULL ? proxy_hint : faults[tls->fault].hint);
    if (lacks_root && failure->ca_from_environment)
        hint(error,
             "SSL_CERT_FILE or SSL_CERT_DIR replaces the system's trust store: unset it, add "
             "that issuer's root to what it names, or pass the root in a CA file");
    fail(error, C2D_TLS, "cannot trust the certificate of %s: %s (subject %s, issuer %s)", peer,
         tls->fault == TLS_NO_FAULT ? failure->detail : tls->reason, tls->certificate.subject,
         tls->certificate.issuer);
}

void http_failure_describe(const struct http_failure *failure, struct c2d_error *error)
{
    bool is_open = is_tunnel_open(failure);
    enum http_failure_kind kind = kind_of(failure, is_open);
    /* These two come from the proxy but concern the host. */
    bool at_proxy = !is_open && kind != HTTP_PROXY_FORBIDS && kind != HTTP_PROXY_FAILED;
    char peer[600];

    name_peer(failure, at_proxy, peer, sizeof peer);
    error->retryable = rows[kind].retryable;
    error->step = step_of(failure, kind, is_open);
    if (kind == HTTP_NO_MEMORY) {
        fail_memory(error);
    } else if (kind == HTTP_NOT_TRUSTED) {
        describe_certificate(failure, peer, at_proxy, error);
    } else if (kind == HTTP_BROKEN) {
        fail(error, failure->broken->status, "cannot use the response of %s: %s", peer,
             failure->broken->text);
    } else {
        bool timed_out = failure->kind == HTTP_TIMEOUT && rows[kind].retryable;

        hint(error, "%s", at_proxy ? rows[kind].proxy_hint : rows[kind].hint);
        fail(error, timed_out ? C2D_TIMEOUT : rows[kind].status, "%s %s: %s", rows[kind].what, peer,
             failure->detail);
    }
}
