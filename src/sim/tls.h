/* tls: the throw-away CA, the TLS context of the server, certificates of clients. */
#ifndef SIM_TLS_H
#define SIM_TLS_H

struct evbuffer;
struct ssl_st;
struct ssl_ctx_st;

/* A TLS 1.2+ server context whose fresh certificate for localhost (and for host, if that is an
 * address and not NULL) is signed by a fresh CA; the CA's certificate is appended to ca_pem.
 * A client certificate is asked for, and any is taken. NULL on failure. */
struct ssl_ctx_st *tls_new(const char *host, struct evbuffer *ca_pem);
/* The thumbprints of the client's certificate, SHA-1 and SHA-256, in upper-case hex; "": none. */
void tls_thumbprints(const struct ssl_st *ssl, char sha1[static 41], char sha256[static 65]);

#endif
