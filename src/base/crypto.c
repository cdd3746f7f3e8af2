/* HMAC and base64 from OpenSSL, random bytes from the kernel, and UUIDs. */
#include "crypto.h"

#include "c2d.h"
#include "text.h"

#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

void crypto_skip_clean_up(void)
{
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}

bool crypto_hmac_sha256(const struct buf *key, const void *data, size_t size,
                        unsigned char mac[HMAC_SIZE])
{
    unsigned mac_size = HMAC_SIZE;

    return key->size <= INT_MAX
           && HMAC(EVP_sha256(), key->data, (int)key->size, data, size, mac, &mac_size) != NULL
           && mac_size == HMAC_SIZE;
}

void base64_append(struct buf *buf, const void *data, size_t size)
{
    const unsigned char *at = data;

    /* In pieces: EVP_EncodeBlock() takes the length as an int. */
    while (size > 0) {
        /* A multiple of 3, so that only the last piece is padded. */
        size_t piece = size < 3072 ? size : 3072;
        size_t encoded = (piece + 2) / 3 * 4;
        char *room = buf_reserve(buf, encoded);

        if (room == NULL)
            return;
        EVP_EncodeBlock((unsigned char *)room, at, (int)piece);
        buf->size += encoded;
        at += piece;
        size -= piece;
    }
}

/* size is a multiple of 4, and not 0. */
static size_t base64_padding(const char *text, size_t size)
{
    if (text[size - 1] != '=')
        return 0;
    return text[size - 2] == '=' ? 2 : 1;
}

bool base64_decode(struct buf *buf, const char *text, size_t size)
{
    size_t padding;
    char *room;

    if (size == 0 || size % 4 != 0 || size > INT_MAX)
        return false;
    padding = base64_padding(text, size);
    /* EVP_DecodeBlock() would accept blanks, and characters after the padding. */
    for (size_t i = 0; i < size - padding; i++)
        if (!byte_is_alnum((unsigned char)text[i]) && text[i] != '+' && text[i] != '/')
            return false;
    /* It writes whole triples; the size excludes the zero bytes that padding becomes. */
    room = buf_reserve(buf, size / 4 * 3);
    if (room == NULL
        || EVP_DecodeBlock((unsigned char *)room, (const unsigned char *)text, (int)size) < 0)
        return false;
    buf->size += size / 4 * 3 - padding;
    buf->data[buf->size] = '\0';
    return true;
}

bool crypto_random(void *data, size_t size)
{
    ssize_t count;

    /* From the kernel: OpenSSL's generator takes ten times as long for one id. */
    do
        count = getrandom(data, size, 0);
    while (count < 0 && errno == EINTR);
    return count >= 0 && (size_t)count == size;
}

const char *crypto_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}

enum c2d_status c2d_uuid(char text[37])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[16];
    char *at = text;

    if (!crypto_random(bytes, sizeof bytes))
        return C2D_OS;
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* version 4: random */
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80); /* variant 1 */
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 0x0f];
    }
    *at = '\0';
    return C2D_OK;
}
