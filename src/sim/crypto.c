/* crypto: random bytes, GUIDs, base64 and HMAC-SHA256, all by OpenSSL but the strict decoding. */
#include "crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool crypto_random(void *data, size_t size)
{
    return size <= 4096 && RAND_bytes(data, (int)size) == 1;
}

bool crypto_guid(char guid[static GUID_SIZE])
{
    unsigned char b[16];

    if (!crypto_random(b, sizeof b))
        return false;
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    (void)snprintf(guid, GUID_SIZE,
                   "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
                   b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
                   b[14], b[15]);
    return true;
}

void crypto_base64(const void *data, size_t size, char *text)
{
    text[EVP_EncodeBlock((unsigned char *)text, data, (int)size)] = '\0';
}

/* The padding at the end of text, or -1 if text is no base64. */
static int base64_padding(const char *text, size_t size)
{
    size_t digits =
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

    if (size % 4 != 0 || size - digits > 2)
        return -1;
    return strspn(text + digits, "=") == size - digits ? (int)(size - digits) : -1;
}

unsigned char *crypto_base64_decode(const char *text, size_t *size)
{
    size_t text_size = strlen(text);
    int padding = base64_padding(text, text_size);
    unsigned char *data;
    int decoded;

    *size = 0;
    if (padding < 0 || text_size > (size_t)1 << 24)
        return NULL;
    data = malloc(text_size / 4 * 3 + 1);
    if (data == NULL)
        return NULL;
    decoded = EVP_DecodeBlock(data, (const unsigned char *)text, (int)text_size);
    if (decoded < padding) {
        free(data);
        return NULL;
    }
    *size = (size_t)(decoded - padding); /* OpenSSL counts the padding as bytes */
    data[*size] = '\0';
    return data;
}

bool crypto_hmac(const void *key, size_t key_size, const char *text,
                 char mac[static HMAC_TEXT_SIZE])
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned int raw_size = 0;

    if (HMAC(EVP_sha256(), key, (int)key_size, (const unsigned char *)text, strlen(text), raw,
             &raw_size)
            == NULL
        || raw_size != 32)
        return false;
    crypto_base64(raw, raw_size, mac);
    return true;
}

bool crypto_equal(const char *left, const char *right)
{
    size_t size = strlen(left);

    return size == strlen(right) && CRYPTO_memcmp(left, right, size) == 0;
}
