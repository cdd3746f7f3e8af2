/* From the kind of a failure to a status, a sentence and a next step, and to whether another try is
 * worth it. What libcurl calls it was translated before; a hub's refusal is hub_error.c's. */
#include "http_failure.h"

#include "status.h"

#include <stdio.h>
#include <string.h>

/* "https://host:port" of the request, without the scheme. */
static void host_of(const struct http_request *request, char *out, size_t size)
{
    static const char scheme[] = "https://";
    size_t skip = strlen(scheme);

    snprintf(out, size, "%.*s", (int)(request->path_at - skip), request->url.data + skip);
}

static void describe_trust(const struct http_failure *failure, const char *host,
                           struct c2d_error *error)
{
    const struct tls_verdict *tls = failure->tls;

    /* No certificate was seen: it broke before, as when plain HTTP is spoken there. */
    if (tls->reason == NULL && tls->subject[0] == '\0') {
        hint(error, "is it a hub that listens there, with TLS 1.2 or later?");
        fail(error, C2D_TLS, "TLS with %s failed: %s", host, failure->detail);
        return;
    }
    /* None of these is retryable: the next try would meet the same certificate. */
    if (tls->no_issuer)
        hint(error, "if that issuer is your company's inspecting proxy or your own CA, pass its "
                    "root with --cacert FILE");
    else if (tls->not_yet_valid)
        hint(error, "is this machine's clock right? Set it, then try again");
    else if (tls->expired)
        hint(error, "the certificate must be renewed, or this machine's clock is wrong");
    else if (tls->reason == NULL)
        hint(error, "the certificate is for another name: check HostName, or pass --connect-to "
                    "where the connection goes through a private address");
    else
        hint(error, "if that certificate is to be trusted, pass its root with --cacert FILE");
    fail(error, C2D_TLS, "the certificate of %s is refused: %s (subject %s, issuer %s)", host,
         tls->reason != NULL ? tls->reason : failure->detail, tls->subject, tls->issuer);
}

static void describe_proxy(const struct http_failure *failure, const char *host,
                           struct c2d_error *error)
{
    if (failure->proxy_status == 407) {
        hint(error, "%s",
             failure->proxy_has_user ? "are user and password in --proxy-user-file right?"
                                     : "pass its user and password with --proxy-user-file FILE");
        fail(error, C2D_AUTH, "the proxy %s (HTTP 407)",
             failure->proxy_has_user ? "refused the credentials" : "asks for credentials");
        return;
    }
    /* A 4xx is the proxy's rule and stays; a 5xx, or no answer, may pass. */
    error->retryable = failure->proxy_status >= 500 || failure->proxy_status == 0;
    if (failure->proxy_status > 0)
        fail(error, C2D_NETWORK, "the proxy refused to connect to %s (HTTP %d)", host,
             failure->proxy_status);
    else
        fail(error, C2D_NETWORK, "the proxy did not connect to %s: %s", host, failure->detail);
    if (failure->proxy_status >= 400 && failure->proxy_status < 500)
        hint(error, "ask its administrator to allow CONNECT to %s", host);
}

/* Kinds that need no more than a sentence. */
static const struct {
    enum http_failure_kind kind;
    enum c2d_status status;
    const char *what, *hint;
} sentences[] = {
    { HTTP_NO_NAME, C2D_NETWORK, "cannot find the address of",
      "check HostName in the connection string, and this machine's name server" },
    { HTTP_NO_PROXY_NAME, C2D_NETWORK, "cannot use the proxy on the way to",
      "check --proxy, https_proxy and ALL_PROXY" },
    { HTTP_NO_CONNECTION, C2D_NETWORK, "cannot connect to",
      "is port 443 open? Behind a proxy, set https_proxy or pass --proxy" },
    { HTTP_CUT, C2D_NETWORK, "the connection was lost before the whole answer came from", "" },
    { HTTP_CONNECT_TIMEOUT, C2D_NETWORK, "no connection in time to",
      "is port 443 open? Behind a proxy, set https_proxy or pass --proxy" },
    /* The 30 s are those after which http_curl.c calls a transfer stalled. */
    { HTTP_STALLED, C2D_NETWORK, "nothing came for 30 s from", "" },
    { HTTP_TIMEOUT, C2D_TIMEOUT, "no answer in time from", "" },
};

static void describe_sentence(const struct http_failure *failure, const char *host,
                              struct c2d_error *error)
{
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        if (sentences[i].kind != failure->kind)
            continue;
        error->retryable = true;
        hint(error, "%s", sentences[i].hint);
        fail(error, sentences[i].status, "%s %s: %s", sentences[i].what, host, failure->detail);
    }
}

void http_failure_describe(const struct http_failure *failure, struct c2d_error *error)
{
    char host[300];

    host_of(failure->request, host, sizeof host);
    if (failure->kind == HTTP_NOT_TRUSTED)
        describe_trust(failure, host, error);
    else if (failure->kind == HTTP_PROXY_REFUSED)
        describe_proxy(failure, host, error);
    else if (failure->kind == HTTP_NO_TRUST_STORE)
        fail(error, C2D_CONFIG, "the trusted certificates cannot be read: %s", failure->detail);
    else if (failure->kind == HTTP_NOT_HTTP)
        fail(error, C2D_PROTOCOL, "what %s answers is not HTTP: %s", host, failure->detail);
    else if (failure->kind == HTTP_BROKEN)
        fail(error, failure->broken->status, "the answer of %s is refused: %s", host,
             failure->broken->text);
    else if (failure->kind == HTTP_NO_MEMORY)
        fail_memory(error);
    else
        describe_sentence(failure, host, error);
}
