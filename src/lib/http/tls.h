/* Checks of certificate and key files, and the record of a handshake. */
#ifndef TLS_H
#define TLS_H

#include "c2d.h"
#include "tls_cache.h"

/* What is wrong with a chain of certificates. */
enum tls_fault {
    TLS_NO_FAULT,
    TLS_NO_ISSUER,   /* an issuer was not found in the trust store */
    TLS_SELF_SIGNED, /* its root is not in the trust store */
    TLS_EXPIRED,
    TLS_NOT_YET_VALID,
    TLS_WEAK, /* its key or signature */
    TLS_OTHER_FAULT,
};

/* Facts of a certificate, whether trusted or not. */
struct tls_certificate {
    char subject[256], issuer[256];
    int64_t ends_at_s; /* end of its validity, since 1970 UTC; 0: not understood */
};

/* The record of one handshake. */
struct tls_verdict {
    bool started;
    bool refused;               /* by one side, or it was not TLS; false: the connection was lost */
    bool certificate_requested; /* the server has requested a client certificate */
    bool offered;               /* a session of an earlier handshake */
    bool done;                  /* the handshake is complete */
    enum tls_fault fault;
    const char *reason;  /* OpenSSL's text for the fault */
    const char *alert;   /* why the peer refused the client certificate; NULL: it did not */
    const char *version; /* "TLSv1.3"; NULL: the handshake is not complete */
    struct tls_certificate certificate; /* the one at fault, else the server's own */
    struct tls_cache *cache;            /* of sessions */
};

/* Returns C2D_CONFIG unless libcurl uses the OpenSSL that this library uses: with another back end
 * the SSL_CTX of libcurl's callback is none. backends is libcurl's text on them; NULL: it has none.
 */
enum c2d_status tls_check_backend(const char *curl_version, const char *backends,
                                  struct c2d_error *error);

/* Makes ssl_context (an SSL_CTX, before its handshake) record into verdict, which is reset and must
 * outlive its connections. Verification is unchanged, but weak keys and signatures are refused even
 * if the system allows them. Sessions are read from cache and kept there. False: out of memory. */
bool tls_watch(void *ssl_context, struct tls_verdict *verdict, struct tls_cache *cache);

/* After a failure: disables the cache if its session may be the reason. True: connect once more, at
 * once. */
bool tls_needs_reconnect(const struct tls_verdict *verdict);

/* Fills in the members of connection that concern TLS. */
void tls_describe(const struct tls_verdict *verdict, struct c2d_connection *connection);

/* True if OpenSSL's error queue holds an allocation failure. Empties the queue, which belongs to
 * the thread: an error left there would be taken for one of a later call. */
bool tls_out_of_memory(void);

/* Returns C2D_CONFIG unless file can be read and holds a certificate. what names its source in the
 * error: "CA file", "SSL_CERT_FILE". */
enum c2d_status tls_check_ca_file(const char *what, const char *file, struct c2d_error *error);
/* Returns C2D_CONFIG unless both can be read, the key is unencrypted and belongs to the
 * certificate, and that has not expired. Fills in *facts. */
enum c2d_status tls_check_client(const char *cert_file, const char *key_file,
                                 struct tls_certificate *facts, struct c2d_error *error);

#endif
