/* The hub's CA, the TLS context of the server, and the certificates of clients. */
#ifndef SIM_TLS_H
#define SIM_TLS_H

#include <stdbool.h>
#include <stdint.h>

struct evbuffer;
struct ssl_st;
struct ssl_ctx_st;
struct x509_store_st;

/* Returns a server context for TLS 1.2 and later; NULL on failure. Its certificate is new, signed
 * by a new CA, and valid for localhost, its addresses, name, and address (may be NULL). Appends the
 * certificate of the CA to ca_pem. The server requests a client certificate and accepts any. */
struct ssl_ctx_st *tls_new(const char *name, const char *address, struct evbuffer *ca_pem);
/* Writes the thumbprints of the client's certificate in upper-case hex; "": it sent none. */
void tls_thumbprints(const struct ssl_st *ssl, char sha1[static 41], char sha256[static 65]);
/* Adds the CA certificates in a PEM text to *authorities, which is created if NULL. Returns their
 * number. */
unsigned tls_add_authorities(struct x509_store_st **authorities, const char *pem);
void tls_free_authorities(struct x509_store_st *authorities); /* NULL is fine */
/* True if the client's certificate has this common name, is valid at now_s, and is signed by one of
 * the authorities, directly or through certificates that the client sent. */
bool tls_is_signed(const struct ssl_st *ssl, struct x509_store_st *authorities, const char *name,
                   int64_t now_s);

#endif
