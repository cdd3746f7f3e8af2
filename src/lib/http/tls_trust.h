/* The certificates that a peer's may lead to, read once for all connections of a client. */
#ifndef TLS_TRUST_H
#define TLS_TRUST_H

#include "tls.h"

struct tls_trust {
    const char *file, *dir;      /* PEM file, hashed folders; NULL: not there */
    const char *fallback;        /* a bundle to read only when the others have no issuer */
    bool is_system;              /* they are the system's */
    struct x509_store_st *store; /* an X509_STORE; NULL: not read yet */
    unsigned version;            /* rises when there is more in store */
};

/* The system's, unless file or dir is given. A hashed folder costs the one certificate that is
 * used, a bundle all of its 145: it is read only where there is no such folder, or where that has
 * no issuer. */
struct tls_trust tls_trust_choose(const char *file, const char *dir, const char *system_file,
                                  const char *system_dir);
/* Reads what is to be read: nothing of a hashed folder. C2D_CONFIG without certificates. */
enum c2d_status tls_trust_read(struct tls_trust *trust, struct c2d_error *error);
/* Makes ssl_context (an SSL_CTX) trust what is in store. */
void tls_trust_use(const struct tls_trust *trust, void *ssl_context);
/* Reads the fallback, if there is one and verdict, found with that version of the store, is that an
 * issuer was missing. True: there is more to look in than that. */
bool tls_trust_widen(struct tls_trust *trust, unsigned version, const struct tls_verdict *verdict);
void tls_trust_clear(struct tls_trust *trust);

/* C2D_CONFIG unless one of the folders in list (separated by ":") is hashed (openssl rehash). what
 * names its source in the error: "CA folder", "SSL_CERT_DIR". */
enum c2d_status tls_check_ca_dir(const char *what, const char *list, struct c2d_error *error);

#endif
