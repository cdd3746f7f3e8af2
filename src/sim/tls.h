#ifndef SIM_TLS_H
#define SIM_TLS_H

#include "http.h"

/* OpenSSL's own types, so that its headers stay in the .c files that need them. */
struct ssl_ctx_st;
struct ssl_st;

/* A TLS 1.2+ server context whose fresh certificate for localhost (and for host, if that is an
 * address and not NULL) is signed by a fresh CA; the CA's certificate is appended to ca_pem.
 * A client certificate is asked for, and any is taken. NULL on failure. Free with tls_free(). */
struct ssl_ctx_st *tls_new(const char *host, struct buf *ca_pem);
void tls_free(struct ssl_ctx_st *tls);
/* Notes the thumbprints of the certificate that the client showed, if it showed one. */
void tls_peer_certificate(const struct ssl_st *ssl, struct http_peer *peer);

#endif
