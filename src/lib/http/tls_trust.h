/* The trust store, read once for all connections of a client. */
#ifndef TLS_TRUST_H
#define TLS_TRUST_H

#include "tls.h"

struct tls_trust {
    const char *file, *dir;      /* PEM file, hashed folders; may be NULL */
    const char *fallback;        /* a bundle, read only if no issuer is found; NULL: none left */
    bool is_system;              /* the system's trust store */
    struct x509_store_st *store; /* an X509_STORE; NULL: not read yet */
    unsigned version;            /* incremented when the fallback is added to store */
};

/* Chooses file and dir, or the system's if both are NULL: libcurl's (NULL: it has none, as in
 * OpenWrt, or built with curl's own defaults), else OpenSSL's. Of a hashed folder only the
 * certificates in use are read, of a bundle all (about 145). So the system's bundle is read only if
 * there is no hashed folder, or if that lacks an issuer. */
struct tls_trust tls_trust_choose(const char *file, const char *dir, const char *system_file,
                                  const char *system_dir);
/* Reads the file, if there is one. Returns C2D_CONFIG if there are no certificates. */
enum c2d_status tls_trust_read(struct tls_trust *trust, struct c2d_error *error);
/* Makes ssl_context (an SSL_CTX) use store. */
void tls_trust_use(const struct tls_trust *trust, void *ssl_context);
/* Reads the fallback if verdict, found with that version of the store, is that an issuer was not
 * found. Returns true if the store has more certificates than that version had. */
bool tls_trust_widen(struct tls_trust *trust, unsigned version, const struct tls_verdict *verdict);
void tls_trust_clear(struct tls_trust *trust);

/* Returns C2D_CONFIG unless one of the folders in list (separated by ":") is hashed (openssl
 * rehash). what names its source in the error: "CA folder", "SSL_CERT_DIR". */
enum c2d_status tls_check_ca_dir(const char *what, const char *list, struct c2d_error *error);

#endif
