/* Why an exchange brought no answer, told to people. */
#ifndef HTTP_FAILURE_H
#define HTTP_FAILURE_H

#include "http.h"
#include "proxy.h"
#include "tls.h"

enum http_failure_kind {
    HTTP_NO_NAME,
    HTTP_NO_CONNECTION,   /* refused, unreachable */
    HTTP_CONNECT_TIMEOUT, /* before the request */
    HTTP_NO_THREAD,       /* libcurl could not start the one that looks names up */
    HTTP_CUT,             /* reset, closed or broken in between */
    HTTP_STALE,           /* the same, or no HTTP, on a reused connection */
    HTTP_STALLED,
    HTTP_TIMEOUT,     /* the whole time was used up */
    HTTP_NO_TLS,      /* the handshake broke */
    HTTP_OLD_TLS,     /* the peer's TLS has no secure renegotiation */
    HTTP_NOT_TRUSTED, /* the certificate that was seen */
    HTTP_BAD_FILE,    /* of certificates */
    HTTP_NOT_HTTP,
    HTTP_NO_MEMORY,
    /* What the transport leaves to be found in the facts below. */
    HTTP_BROKEN,
    HTTP_SILENT_TLS,
    HTTP_CLIENT_REFUSED,
    HTTP_PROXY_ASKS,
    HTTP_PROXY_AUTH,
    HTTP_PROXY_METHOD, /* none of those that it offers takes what was given */
    HTTP_PROXY_FORBIDS,
    HTTP_PROXY_FAILED,
};

struct http_failure {
    enum http_failure_kind kind;
    const struct http_request *request;
    const struct proxy *proxy;
    int proxy_status; /* its answer to CONNECT, or SOCKS's in these terms; 0: none */
    bool named;       /* the address of the host or the proxy is known */
    bool connected;   /* TCP, with that address */
    bool written;     /* the request may have left */
    /* With a proxy_status of 407: one of the methods that it offers takes what was given. */
    bool credentials_used;
    const char *detail; /* the transport's own words, without secrets */
    const struct tls_verdict *tls;
    bool ca_from_environment;       /* trusted is what SSL_CERT_FILE and SSL_CERT_DIR name */
    const struct c2d_error *broken; /* why the answer was refused; C2D_OK: it was not */
};

/* Fills in a reset error: status, step, text, hint, retryable. */
void http_failure_describe(const struct http_failure *failure, struct c2d_error *error);

#endif
