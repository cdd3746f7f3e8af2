/* All cryptography: one HMAC, base64 and random bytes, and all of it is OpenSSL's. How a token is
 * put together from them is sas.c's. */
#include "crypto.h"

#include "c2d.h"
#include "text.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>

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

    /* In pieces, so that no length reaches EVP_EncodeBlock() that an int cannot hold. */
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
    /* EVP_DecodeBlock() alone skips blanks and decodes what stands behind padding. */
    for (size_t i = 0; i < size - padding; i++)
        if (!byte_is_alnum((unsigned char)text[i]) && text[i] != '+' && text[i] != '/')
            return false;
    /* It writes whole triples: padding becomes zero bytes, which the size then leaves out. */
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
    return size <= INT_MAX && RAND_bytes(data, (int)size) == 1;
}

enum c2d_status c2d_uuid(char text[37])
{
    unsigned char b[16];

    if (!crypto_random(b, sizeof b))
        return C2D_OS;
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* version 4: random */
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80); /* variant 1 */
    snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
    return C2D_OK;
}
