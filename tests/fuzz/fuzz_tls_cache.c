/* Input: a byte, then the file of a cached session. If the byte is odd, the correct HMAC is added,
 * so that OpenSSL reads the session. */
#include "base/crypto.h"
#include "check.h"
#include "http/cache_file.h"
#include "http/tls_cache.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An hour after the sessions of the corpus were made. */
static const int64_t now_s = 1795910000 + 3600;

static void check_note(void *context, const char *text, size_t size)
{
    (void)context;
    CHECK(strlen(text) == size);
    check_line(text);
}

static SSL_CTX *context;
static struct tls_cache cache = { .host = "hub.test", .proxy = "", .note = check_note };
static char path[300];

static void set_up(void)
{
    context = SSL_CTX_new(TLS_client_method());
    cache.dir = temporary_folder();
    CHECK(context != NULL && tls_cache_init(&cache));
    snprintf(path, sizeof path, "%s/%s", cache.dir, cache.name);
}

static void write_session(const uint8_t *data, size_t size, bool is_signed)
{
    struct buf file = { 0 };
    unsigned char mac[HMAC_SIZE];

    buf_append(&file, data, size);
    if (is_signed) {
        CHECK(crypto_hmac_sha256(&cache.key, data, size, mac));
        buf_append(&file, mac, sizeof mac);
    }
    write_file(path, file.data, file.size);
    buf_clear(&file);
}

/* A session that was read is written and read again. */
static void check_kept(SSL *ssl)
{
    SSL *next = SSL_new(context);

    SSL_set_tlsext_host_name(ssl, "hub.test");
    tls_cache_keep(&cache, ssl, SSL_get_session(ssl), now_s);
    (void)tls_cache_offer(&cache, next, now_s);
    SSL_free(next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool is_signed;
    SSL *ssl;

    if (context == NULL)
        set_up();
    if (size == 0)
        return 0;
    is_signed = data[0] % 2 == 1;
    write_session(data + 1, size - 1, is_signed);
    ssl = SSL_new(context);
    if (tls_cache_offer(&cache, ssl, now_s)) {
        CHECK(is_signed && SSL_get_session(ssl) != NULL);
        check_kept(ssl);
    } else {
        CHECK(SSL_get_session(ssl) == NULL);
    }
    /* libcurl would take an error left there for one of its own call. */
    CHECK(ERR_peek_error() == 0);
    SSL_free(ssl);
    cache_file_remove_old(cache.dir, INT64_MAX, INT64_MAX);
    CHECK(access(path, F_OK) != 0);
    return 0;
}
