/* Sessions of TLS, kept from one run for the next: it resumes them instead of having the hub prove
 * itself again. They count only where all is as it was when the hub did so in full. */
#ifndef TLS_CACHE_H
#define TLS_CACHE_H

#include "base/buf.h"
#include "c2d.h"

struct tls_cache {
    const char *dir; /* NULL: nothing is kept, and nothing below is looked at */
    /* What a session depends on: names, and files with their inodes and times. NULL: not there. */
    const char *host, *proxy, *connect_to;
    const char *ca_file, *ca_dir, *ca_fallback; /* ca_dir: several, ":" between them */
    const char *cert_file, *key_file;
    void (*note)(void *context, const char *text, size_t size); /* NULL: nobody wants to know */
    void *note_context;

    struct buf key; /* the above as it was at the start */
    char name[65];  /* of the file */
};

/* False without memory. Texts must outlive cache. */
bool tls_cache_init(struct tls_cache *cache);
void tls_cache_clear(struct tls_cache *cache);

/* Gives ssl (an SSL, before its handshake) the session that is kept, if there is one that can
 * still be used at now_s. True when it did. */
bool tls_cache_offer(const struct tls_cache *cache, void *ssl, int64_t now_s);
/* Keeps session (an SSL_SESSION of ssl, after its handshake), if the hub was verified. */
void tls_cache_keep(const struct tls_cache *cache, void *ssl, void *session, int64_t now_s);
/* Removes what is kept, and does nothing from then on. */
void tls_cache_give_up(struct tls_cache *cache);
void tls_cache_note(const struct tls_cache *cache, const char *text);

#endif
