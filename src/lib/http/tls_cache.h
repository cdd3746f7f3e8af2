/* TLS sessions in files, which the next run resumes instead of a full handshake. A session is used
 * only if all that it depends on is unchanged since the full handshake. */
#ifndef TLS_CACHE_H
#define TLS_CACHE_H

#include "base/buf.h"
#include "c2d.h"

struct tls_cache {
    const char *dir; /* NULL: no cache, the other members are not used */
    /* What a session depends on: names, and files with their inodes and times. May be NULL. */
    const char *host, *proxy, *connect_to;
    const char *ca_file, *ca_dir, *ca_fallback; /* ca_dir: several, separated by ":" */
    const char *cert_file, *key_file;
    void (*note)(void *context, const char *text, size_t size); /* of trace lines; may be NULL */
    void *note_context;

    struct buf key; /* all of the above, at the start */
    char name[65];  /* of the file */
};

/* Sets key and name. False: out of memory. Texts must outlive cache. */
bool tls_cache_init(struct tls_cache *cache);
void tls_cache_clear(struct tls_cache *cache);

/* Sets the cached session in ssl (an SSL, before its handshake), if there is one that can be used
 * at now_s. Returns true if it did. */
bool tls_cache_offer(const struct tls_cache *cache, void *ssl, int64_t now_s);
/* Writes session (an SSL_SESSION of ssl) to the cache, if the hub was verified. */
void tls_cache_keep(const struct tls_cache *cache, void *ssl, void *session, int64_t now_s);
/* Removes the cached session and disables the cache. */
void tls_cache_give_up(struct tls_cache *cache);
void tls_cache_note(const struct tls_cache *cache, const char *text);

#endif
