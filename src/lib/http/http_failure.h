/* Why an exchange failed, as status, text and hint. */
#ifndef HTTP_FAILURE_H
#define HTTP_FAILURE_H

#include "http.h"
#include "proxy.h"
#include "tls.h"

enum http_failure_kind {
    HTTP_NO_NAME,
    HTTP_NO_CONNECTION,   /* refused, unreachable */
    HTTP_CONNECT_TIMEOUT, /* before the request */
    HTTP_NO_THREAD,       /* libcurl could not start its resolver thread */
    HTTP_LOST,            /* the connection was reset, closed or broken */
    HTTP_STALE,           /* the same, or not HTTP, on a reused connection */
    HTTP_STALLED,
    HTTP_TIMEOUT,     /* of the request */
    HTTP_NO_TLS,      /* the handshake failed */
    HTTP_OLD_TLS,     /* the peer has no secure renegotiation */
    HTTP_NOT_TRUSTED, /* the peer's certificate */
    HTTP_BAD_FILE,    /* of certificates */
    HTTP_NOT_HTTP,
    HTTP_NO_MEMORY,
    /* http_failure_describe() finds these by the members of struct http_failure. */
    HTTP_BROKEN, /* the response was refused */
    HTTP_TLS_TIMEOUT,
    HTTP_TLS_LOST,
    HTTP_CLIENT_REFUSED, /* the client certificate */
    HTTP_PROXY_AUTH_REQUIRED,
    HTTP_PROXY_AUTH_REFUSED,
    HTTP_PROXY_METHOD, /* the proxy offers no method for the credentials */
    HTTP_PROXY_FORBIDS,
    HTTP_PROXY_FAILED,
};

struct http_failure {
    enum http_failure_kind kind;
    const struct http_request *request;
    const struct proxy *proxy;
    int proxy_status; /* of its response to CONNECT; SOCKS codes are mapped to HTTP; 0: none */
    bool named;       /* the name of the host or the proxy was resolved */
    bool connected;   /* TCP */
    bool written;     /* the request may have been sent */
    /* With a proxy_status of 407: the proxy offers a method for the credentials. */
    bool credentials_used;
    const char *detail; /* libcurl's text, without secrets */
    const struct tls_verdict *tls;
    bool ca_from_environment;       /* the trust store came from SSL_CERT_FILE or SSL_CERT_DIR */
    const struct c2d_error *broken; /* why the response was refused; C2D_OK: it was not */
};

/* Fills in a reset error: status, step, text, hint, retryable. */
void http_failure_describe(const struct http_failure *failure, struct c2d_error *error);

#endif
