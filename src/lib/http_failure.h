/* Why an exchange brought no answer, told to people. */
#ifndef HTTP_FAILURE_H
#define HTTP_FAILURE_H

#include "http.h"
#include "tls.h"

enum http_failure_kind {
    HTTP_NO_NAME,        /* the host's name was not found */
    HTTP_NO_PROXY_NAME,  /* the proxy's, or its URL cannot be used */
    HTTP_NO_TRUST_STORE, /* its file cannot be used */
    HTTP_NO_CONNECTION,  /* refused, unreachable */
    HTTP_PROXY_REFUSED,  /* proxy_status says how, if HTTP */
    HTTP_NOT_TRUSTED,    /* handshake or verification */
    HTTP_CUT,            /* reset, closed or broken in between */
    HTTP_CONNECT_TIMEOUT,
    HTTP_STALLED,
    HTTP_TIMEOUT, /* the whole time was used up */
    HTTP_NOT_HTTP,
    HTTP_BROKEN, /* refused by http_reader */
    HTTP_NO_MEMORY,
};

struct http_failure {
    enum http_failure_kind kind;
    const struct http_request *request;
    const char *detail;  /* the transport's own words, without secrets */
    bool proxy_has_user; /* credentials were given for it */
    int proxy_status;    /* the proxy's answer to CONNECT; 0: none */
    const struct tls_verdict *tls;
    const struct c2d_error *broken;
};

/* Fills in a reset error: status, text, hint, retryable. */
void http_failure_describe(const struct http_failure *failure, struct c2d_error *error);

#endif
