/* Decides when a session may be kept and offered. A resumed handshake verifies no chain. So the
 * original one must have done so within a day, for the same host, proxy and trust store. libcurl
 * always checks the name: the session holds the leaf. */
#include "tls_cache.h"

#include "base/crypto.h"
#include "base/error.h"
#include "base/timestamp.h"
#include "cache_file.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { AGE_LIMIT_S = 24 * 60 * 60 };

/* ---- What a session depends on ---- */

static void append_name(struct buf *key, const char *name)
{
    if (name != NULL)
        buf_text(key, name);
    buf_byte(key, '\0'); /* a separator: names hold no NUL */
}

/* Appends the path, inode and times of a file. The ctime detects a copy that keeps the mtime
 * (cp -p). */
static void append_file(struct buf *key, const char *path)
{
    struct stat s = { 0 };

    if (path != NULL && stat(path, &s) != 0)
        s = (struct stat) { 0 };
    append_name(key, path);
    buf_format(key, "%ju %ju %jd.%09ld %jd.%09ld", (uintmax_t)s.st_dev, (uintmax_t)s.st_ino,
               (intmax_t)s.st_mtim.tv_sec, s.st_mtim.tv_nsec, (intmax_t)s.st_ctim.tv_sec,
               s.st_ctim.tv_nsec);
    append_name(key, NULL);
}

static void append_dirs(struct buf *key, const char *list)
{
    while (list != NULL && *list != '\0') {
        size_t size = strcspn(list, ":");
        struct buf dir = { 0 };

        if (buf_append(&dir, list, size))
            append_file(key, dir.data);
        key->failed = key->failed || dir.failed;
        buf_clear(&dir);
        list += size + (list[size] == ':' ? 1 : 0);
    }
    append_name(key, NULL);
}

static bool make_key(const struct tls_cache *cache, struct buf *key)
{
    append_name(key, cache->host);
    append_name(key, cache->proxy);
    append_name(key, cache->connect_to);
    append_file(key, cache->ca_file);
    append_dirs(key, cache->ca_dir);
    append_file(key, cache->ca_fallback);
    append_file(key, cache->cert_file);
    append_file(key, cache->key_file);
    return !key->failed;
}

/* True if the files are the same as at the start. If they have changed, it is not known which of
 * them a handshake used: nothing is kept or offered until the next run. */
static bool is_unchanged(const struct tls_cache *cache)
{
    struct buf now = { 0 };
    bool ok = make_key(cache, &now) && now.size == cache->key.size
              && memcmp(now.data, cache->key.data, now.size) == 0;

    buf_clear(&now);
    return ok;
}

bool tls_cache_init(struct tls_cache *cache)
{
    static const char purpose[] = "name of a file";
    unsigned char mac[HMAC_SIZE];

    if (cache->dir == NULL)
        return true;
    if (!make_key(cache, &cache->key)
        || !crypto_hmac_sha256(&cache->key, purpose, strlen(purpose), mac))
        return false;
    for (size_t i = 0; i < sizeof mac; i++)
        snprintf(cache->name + 2 * i, 3, "%02x", mac[i]);
    return true;
}

void tls_cache_clear(struct tls_cache *cache)
{
    buf_clear(&cache->key);
    *cache = (struct tls_cache) { 0 };
}

void tls_cache_note(const struct tls_cache *cache, const char *text)
{
    char line[600];

    snprintf(line, sizeof line, "TLS cache: %s", text);
    if (cache->note != NULL)
        cache->note(cache->note_context, line, strlen(line));
}

/* ---- Sessions ---- */

/* The age counts from the full handshake, whose time is in the ticket's application data. A resumed
 * session receives new tickets, and OpenSSL copies that data to them. No time_t is passed to
 * OpenSSL: on 32-bit machines its own may have another size. */
static bool is_young(SSL_SESSION *session, int64_t now_s)
{
    const X509 *leaf = SSL_SESSION_get0_peer(session);
    int64_t verified_at_s, ends_at_s;
    struct tm end;
    size_t size;
    void *data;

    if (leaf == NULL || SSL_SESSION_get0_ticket_appdata(session, &data, &size) != 1
        || size != sizeof verified_at_s)
        return false;
    memcpy(&verified_at_s, data, sizeof verified_at_s);
    return verified_at_s <= now_s && verified_at_s > now_s - AGE_LIMIT_S
           && ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &end) == 1
           && timestamp_from_utc(&end, &ends_at_s) && now_s < ends_at_s;
}

/* A file is a session and its HMAC under the key. The HMAC detects a file that is truncated, mixed
 * or renamed; the hub would take a wrong bit for an attack. */
static SSL_SESSION *parse(const struct tls_cache *cache, const struct buf *data)
{
    const unsigned char *at = (const unsigned char *)data->data;
    size_t size = data->size - HMAC_SIZE;
    unsigned char mac[HMAC_SIZE];

    if (data->size <= HMAC_SIZE || !crypto_hmac_sha256(&cache->key, data->data, size, mac)
        || memcmp(mac, data->data + size, sizeof mac) != 0)
        return NULL;
    return d2i_SSL_SESSION(NULL, &at, (long)size);
}

static SSL_SESSION *find(const struct tls_cache *cache, int64_t now_s)
{
    struct buf data = { 0 };
    struct c2d_error error;
    SSL_SESSION *session = NULL;

    if (cache_file_read(cache->dir, cache->name, &data, &error)) {
        session = parse(cache, &data);
        if (session == NULL)
            tls_cache_note(cache, "the file is damaged");
    } else {
        tls_cache_note(cache, error.text);
    }
    buf_clear(&data);
    if (session == NULL || is_young(session, now_s))
        return session;
    tls_cache_note(cache, "the session is too old");
    cache_file_remove(cache->dir, cache->name);
    SSL_SESSION_free(session);
    return NULL;
}

bool tls_cache_offer(const struct tls_cache *cache, void *ssl, int64_t now_s)
{
    SSL_SESSION *session;
    bool offered;

    /* It has a session already if the server renegotiates. */
    if (cache->dir == NULL || SSL_get_session(ssl) != NULL || !is_unchanged(cache))
        return false;
    /* libcurl would take an error left in the queue for one of its own call. */
    ERR_set_mark();
    session = find(cache, now_s);
    offered = session != NULL && SSL_set_session(ssl, session) == 1;
    ERR_pop_to_mark();
    SSL_SESSION_free(session);
    return offered;
}

/* True if chain and name were verified. With TLS 1.2 a session arrives before libcurl checks the
 * name. Like libcurl, this accepts "*.test" but not "h*.test". */
static bool is_verified(SSL *ssl, SSL_SESSION *session)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    X509 *leaf = SSL_SESSION_get0_peer(session);

    return SSL_get_verify_result(ssl) == X509_V_OK && leaf != NULL && name != NULL
           && X509_check_host(leaf, name, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
}

static bool format(const struct tls_cache *cache, SSL_SESSION *session, struct buf *data)
{
    int size = i2d_SSL_SESSION(session, NULL);
    unsigned char *at = size > 0 ? (unsigned char *)buf_reserve(data, (size_t)size) : NULL;
    unsigned char mac[HMAC_SIZE];

    if (at == NULL || i2d_SSL_SESSION(session, &at) != size)
        return false;
    data->size += (size_t)size;
    return crypto_hmac_sha256(&cache->key, data->data, data->size, mac)
           && buf_append(data, mac, sizeof mac);
}

void tls_cache_keep(const struct tls_cache *cache, void *ssl, void *session, int64_t now_s)
{
    struct buf data = { 0 };
    struct c2d_error error;

    ERR_set_mark();
    if (cache->dir != NULL && is_unchanged(cache) && is_verified(ssl, session)
        && (SSL_session_reused(ssl) == 1
            || SSL_SESSION_set1_ticket_appdata(session, &now_s, sizeof now_s) == 1)
        && format(cache, session, &data)) {
        bool ok = cache_file_write(cache->dir, cache->name, &data, &error);

        tls_cache_note(cache, ok ? "the session is kept" : error.text);
        /* Files of another trust store or hub may never be read again. Once a day is enough. */
        if (SSL_session_reused(ssl) != 1)
            cache_file_remove_old(cache->dir, now_s - AGE_LIMIT_S, now_s + AGE_LIMIT_S);
    }
    ERR_pop_to_mark();
    buf_clear(&data);
}

void tls_cache_give_up(struct tls_cache *cache)
{
    tls_cache_note(cache, "a handshake failed: no session is offered any more");
    cache_file_remove(cache->dir, cache->name);
    cache->dir = NULL;
}
