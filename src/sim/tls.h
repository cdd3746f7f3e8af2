/* tls: the throw-away CA, the TLS context of the server, certificates of clients. */
#ifndef SIM_TLS_H
#define SIM_TLS_H

#include <stdbool.h>
#include <stdint.h>

struct evbuffer;
struct ssl_st;
struct ssl_ctx_st;
struct x509_store_st;

/* A TLS 1.2+ server context whose fresh certificate is signed by a fresh CA, whose certificate is
 * appended to ca_pem. It is valid for localhost, its addresses, name, and address unless that is
 * NULL. A client certificate is asked for, and any is taken. NULL on failure. */
struct ssl_ctx_st *tls_new(const char *name, const char *address, struct evbuffer *ca_pem);
/* The thumbprints of the client's certificate, SHA-1 and SHA-256, in upper-case hex; "": none. */
void tls_thumbprints(const struct ssl_st *ssl, char sha1[static 41], char sha256[static 65]);
/* Adds the CA certificates of a PEM text to *authorities, which is made if NULL. Returns how many
 * there were. */
unsigned tls_add_authorities(struct x509_store_st **authorities, const char *pem);
void tls_free_authorities(struct x509_store_st *authorities); /* NULL is fine */
/* Is the client's certificate for that common name, valid at that time, and signed by one of the
 * authorities, directly or through certificates that the client sent? */
bool tls_is_signed(const struct ssl_st *ssl, struct x509_store_st *authorities, const char *name,
                   int64_t now_s);

#endif
