/* Trust and certificates: files checked before anything is connected, and what a failed handshake
 * had to say. */
#ifndef TLS_H
#define TLS_H

#include "c2d.h"
#include "tls_cache.h"

/* What is wrong with a chain of certificates. */
enum tls_fault {
    TLS_NO_FAULT,
    TLS_NO_ISSUER,   /* it leads to no certificate that is trusted */
    TLS_SELF_SIGNED, /* likewise, and it ends there */
    TLS_EXPIRED,
    TLS_NOT_YET_VALID,
    TLS_WEAK, /* its key or signature */
    TLS_OTHER_FAULT,
};

/* What a certificate says of itself. */
struct tls_certificate {
    char subject[256], issuer[256];
    int64_t ends_at_s; /* good until then, since 1970 UTC; 0: not understood */
};

/* What is known of one handshake. */
struct tls_verdict {
    bool begun;
    bool refused; /* a party refused, or it was no TLS; false: the connection just ended */
    bool asked;   /* for our certificate */
    bool offered; /* a session of an earlier handshake */
    bool done;    /* it came to its end */
    enum tls_fault fault;
    const char *reason;  /* of the fault, in OpenSSL's words */
    const char *alert;   /* why the peer refuses our certificate; NULL: it does not */
    const char *version; /* "TLSv1.3"; NULL: the handshake did not come to its end */
    struct tls_certificate certificate; /* the one at fault, else the server's own */
    struct tls_cache *cache;            /* where sessions come from and go to */
};

/* Makes ssl_context (an SSL_CTX, at any time before its handshake) report into verdict, which is
 * reset and must outlive its connections. Verification stays as it is, but for what is weak: that
 * is refused also where the system would take it. Sessions come from cache and go there. False when
 * memory is gone. */
bool tls_watch(void *ssl_context, struct tls_verdict *verdict, struct tls_cache *cache);

/* After a failure: gives the cache up if the session from there may be the reason. True if it is
 * worth to connect once more at once. */
bool tls_start_over(const struct tls_verdict *verdict);

/* Fills in what connection says of TLS. */
void tls_tell(const struct tls_verdict *verdict, struct c2d_connection *connection);

/* Whether OpenSSL has lately lacked memory; forgets all that went wrong. Its queue of errors is the
 * thread's: what stays in it passes for a later call's error. */
bool tls_lacked_memory(void);

/* C2D_CONFIG unless file can be read and begins with a certificate. what names its source in the
 * error: "CA file", "SSL_CERT_FILE". */
enum c2d_status tls_check_ca_file(const char *what, const char *file, struct c2d_error *error);
/* C2D_CONFIG unless both can be read, the key needs no pass phrase and fits the certificate, and
 * that has not expired. *facts is filled in. */
enum c2d_status tls_check_client(const char *cert_file, const char *key_file,
                                 struct tls_certificate *facts, struct c2d_error *error);

#endif
