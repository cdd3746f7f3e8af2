/* From the kind of a failure to a status, a sentence and a next step, and to whether another try is
 * worth it. What libcurl calls it was translated before; a hub's refusal is hub_error.c's. */
#include "http_failure.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define IS_PORT_OPEN "is port 443 open? Behind a proxy, set https_proxy or pass --proxy"
#define CHECK_PROXY "is it up, and are its host and port right? See --proxy, https_proxy, ALL_PROXY"

/* "WHAT PARTY: the transport's words", where the party is the host or the proxy; and what to do,
 * which may differ for the proxy. */
static const struct {
    enum c2d_status status;
    bool retryable;
    const char *what, *hint, *proxy_hint;
} rows[] = {
    [HTTP_NO_NAME] = { C2D_NETWORK, true, "cannot find the address of",
                       "check HostName in the connection string, and this machine's name server; "
                       "behind a proxy, set https_proxy or pass --proxy",
                       "check its name in --proxy, https_proxy or ALL_PROXY, and this machine's "
                       "name server" },
    [HTTP_NO_THREAD] = { C2D_NETWORK, true, "no thread can be started to look up",
                         "this machine or container limits threads or processes: see ulimit -u, "
                         "systemd's TasksMax=, a container's pids limit and its seccomp profile",
                         "this machine or container limits threads or processes: see ulimit -u, "
                         "systemd's TasksMax=, a container's pids limit and its seccomp profile" },
    [HTTP_NO_CONNECTION] = { C2D_NETWORK, true, "cannot connect to", IS_PORT_OPEN, CHECK_PROXY },
    [HTTP_CONNECT_TIMEOUT] = { C2D_NETWORK, true, "no connection in time to", IS_PORT_OPEN,
                               CHECK_PROXY },
    [HTTP_SILENT_TLS] = { C2D_NETWORK, true, "no TLS in time with",
                          "something takes connections there, but does not talk TLS: is it the "
                          "hub? A firewall may hold TLS back",
                          "" },
    [HTTP_CUT] = { C2D_NETWORK, true, "the connection was lost before the whole answer came from",
                   "", "is it the kind of proxy that its address says: http, https or socks5h?" },
    [HTTP_STALE] = { C2D_NETWORK, true, "a reused connection was lost before a response came from",
                     "", "" },
    /* The 30 s are those after which http_curl.c calls a transfer stalled. */
    [HTTP_STALLED] = { C2D_NETWORK, true, "nothing came for 30 s from", "", "" },
    [HTTP_TIMEOUT] = { C2D_TIMEOUT, true, "no answer in time from", "", CHECK_PROXY },
    [HTTP_PROXY_ASKS] = { C2D_AUTH, false, "user and password are asked for by", "",
                          "pass them with --proxy-user-file FILE" },
    [HTTP_PROXY_AUTH] = { C2D_AUTH, false, "user and password are refused by", "",
                          "are those in --proxy-user-file, else in the proxy's variable, right?" },
    [HTTP_PROXY_METHOD] = { C2D_AUTH, false, "user and password were not sent to", "",
                            "it offers no method that takes them, perhaps Negotiate alone: get a "
                            "Kerberos ticket, and put ':' into --proxy-user-file" },
    /* The proxy's rule stays; what it did not reach may come back. */
    [HTTP_PROXY_FORBIDS] = { C2D_NETWORK, false, "no connection is allowed to",
                             "ask the proxy's administrator to allow CONNECT to this host and port",
                             "" },
    [HTTP_PROXY_FAILED] = { C2D_NETWORK, true, "cannot connect to",
                            "the proxy does not get through: are HostName and the kind of proxy "
                            "(http, https, socks5h) right?",
                            "" },
    [HTTP_NO_TLS] = { C2D_TLS, false, "cannot talk TLS with",
                      "is it a hub that listens there, with TLS 1.2 or later?",
                      "most proxies are reached by http://HOST:PORT, for https hubs too" },
    [HTTP_OLD_TLS] = { C2D_TLS, false, "cannot talk TLS with",
                       "it lacks secure renegotiation, which no hub does: a box that inspects TLS "
                       "is in between. Have it updated, or this host exempted from inspection",
                       "it lacks secure renegotiation: the proxy's TLS must be updated" },
    [HTTP_CLIENT_REFUSED] = { C2D_TLS, false, "this device's certificate is refused by",
                              "is it, or the CA that signed it, known to the hub, and valid still?",
                              "the proxy wants a certificate of its own, which cannot be given" },
    [HTTP_BAD_FILE] = { C2D_CONFIG, false, "a certificate file cannot be used for", "", "" },
    [HTTP_NOT_HTTP] = { C2D_PROTOCOL, false, "nothing like HTTP comes from", "", "" },
    /* Their sentences are put together below. */
    [HTTP_NOT_TRUSTED] = { C2D_TLS, false, "", "", "" },
    [HTTP_BROKEN] = { C2D_PROTOCOL, false, "", "", "" },
    [HTTP_NO_MEMORY] = { C2D_OS, false, "", "", "" },
};

#define PASS_ROOT                                                                                  \
    "if that issuer is your company's inspecting proxy or your own CA, pass its root with "        \
    "--cacert FILE"
#define PASS_BOTH "pass its root with --cacert FILE, which has to hold the hub's root then too"

/* What to do about a certificate that is refused; and where it is the proxy's own. None is worth
 * another try, which would meet the same certificate. */
static const struct {
    const char *hint, *proxy_hint;
} faults[] = {
    /* The chain is good: what libcurl refuses then is the name. */
    [TLS_NO_FAULT] = { "the certificate is for another name: check HostName, or pass "
                       "--connect-to where the connection goes through a private address",
                       "the certificate is for another name: which one has the proxy?" },
    [TLS_NO_ISSUER] = { PASS_ROOT "; if FILE has it, the server leaves out an intermediate: add "
                                  "that to FILE",
                        PASS_BOTH },
    [TLS_SELF_SIGNED] = { PASS_ROOT, PASS_BOTH },
    [TLS_EXPIRED] = { "the certificate must be renewed, or this machine's clock is wrong", NULL },
    [TLS_NOT_YET_VALID] = { "is this machine's clock right? Set it, then try again", NULL },
    [TLS_WEAK] = { "its key or signature is too weak: it needs RSA of 2048 bits or an elliptic "
                   "curve, signed with SHA-256",
                   NULL },
    [TLS_OTHER_FAULT] = { "the certificate itself, or one above it, must be put right", NULL },
};

/* Has the proxy, if there is one, opened the way to the host? */
static bool is_way_open(const struct http_failure *failure)
{
    const char *proxy = failure->proxy->name;

    /* The first TLS is the host's, but for an https proxy, which has its own before. */
    return *proxy == '\0' || failure->written || failure->proxy_status / 100 == 2
           || (failure->tls->begun && strncmp(proxy, "https:", 6) != 0);
}

/* Which of the kinds it is in the end. */
static enum http_failure_kind kind_of(const struct http_failure *failure, bool is_open)
{
    enum http_failure_kind kind = failure->kind;

    if (failure->broken->status != C2D_OK)
        return HTTP_BROKEN;
    if (failure->tls->alert != NULL)
        return HTTP_CLIENT_REFUSED;
    if (!is_open && failure->proxy_status == 407)
        return failure->proxy->secret.size == 0 ? HTTP_PROXY_ASKS
               : failure->credentials_used      ? HTTP_PROXY_AUTH
                                                : HTTP_PROXY_METHOD;
    if (!is_open && failure->proxy_status >= 300)
        return failure->proxy_status < 500 ? HTTP_PROXY_FORBIDS : HTTP_PROXY_FAILED;
    if (kind == HTTP_CONNECT_TIMEOUT && failure->connected)
        return is_open ? HTTP_SILENT_TLS : HTTP_PROXY_FAILED;
    if (kind == HTTP_CONNECT_TIMEOUT && !failure->named)
        return HTTP_NO_NAME;
    if (kind != HTTP_NO_TLS)
        return kind;
    /* libcurl forgets why a handshake within another, with a proxy, has failed. */
    if (failure->tls->fault != TLS_NO_FAULT)
        return HTTP_NOT_TRUSTED;
    return failure->tls->refused ? HTTP_NO_TLS : HTTP_CUT;
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
    /* TLS 1.3 refuses a certificate only behind the request. */
    return failure->written && kind != HTTP_CLIENT_REFUSED ? C2D_STEP_ANSWER : C2D_STEP_TLS;
}

/* "host:port", "host:port through the proxy URL" or "the proxy URL". */
static void name_party(const struct http_failure *failure, bool at_proxy, char *out, size_t size)
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

static void describe_certificate(const struct http_failure *failure, const char *party,
                                 bool at_proxy, struct c2d_error *error)
{
    const struct tls_verdict *tls = failure->tls;
    const char *proxy_hint = faults[tls->fault].proxy_hint;
    bool lacks_root = tls->fault == TLS_NO_ISSUER || tls->fault == TLS_SELF_SIGNED;

    hint(error, "%s", at_proxy && proxy_hint != NULL ? proxy_hint : faults[tls->fault].hint);
    if (lacks_root && failure->ca_from_environment)
        hint(error,
             "SSL_CERT_FILE or SSL_CERT_DIR replaces the system's trust store: unset it, add "
             "that issuer's root to what it names, or pass the root with --cacert FILE");
    fail(error, C2D_TLS, "cannot trust the certificate of %s: %s (subject %s, issuer %s)", party,
         tls->fault == TLS_NO_FAULT ? failure->detail : tls->reason, tls->certificate.subject,
         tls->certificate.issuer);
}

void http_failure_describe(const struct http_failure *failure, struct c2d_error *error)
{
    bool is_open = is_way_open(failure);
    enum http_failure_kind kind = kind_of(failure, is_open);
    /* These two are the proxy's, but about the host. */
    bool at_proxy = !is_open && kind != HTTP_PROXY_FORBIDS && kind != HTTP_PROXY_FAILED;
    char party[600];

    name_party(failure, at_proxy, party, sizeof party);
    error->retryable = rows[kind].retryable;
    error->step = step_of(failure, kind, is_open);
    if (kind == HTTP_NO_MEMORY) {
        fail_memory(error);
    } else if (kind == HTTP_NOT_TRUSTED) {
        describe_certificate(failure, party, at_proxy, error);
    } else if (kind == HTTP_BROKEN) {
        fail(error, failure->broken->status, "cannot use the answer of %s: %s", party,
             failure->broken->text);
    } else {
        hint(error, "%s", at_proxy ? rows[kind].proxy_hint : rows[kind].hint);
        fail(error, rows[kind].status, "%s %s: %s", rows[kind].what, party, failure->detail);
    }
}
