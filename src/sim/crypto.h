#ifndef SIM_CRYPTO_H
#define SIM_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

enum {
    GUID_SIZE = 37,      /* 36 characters and NUL */
    HMAC_TEXT_SIZE = 45, /* the base64 of 32 bytes and NUL */
};
/* Characters and NUL of size bytes in base64. */
#define BASE64_SIZE(size) (((size) + 2) / 3 * 4 + 1)

/* Fills data with random bytes. False if the system has none. */
bool crypto_random(void *data, size_t size);
/* A random version 4 GUID in lower case; false as above. */
bool crypto_guid(char guid[static GUID_SIZE]);
/* text has room for BASE64_SIZE(size). */
void crypto_base64(const void *data, size_t size, char *text);
/* Decodes strict base64 (whole groups, padded). NULL if it is none or memory is short. A NUL
 * follows the bytes, which size does not count. Free with free(). */
unsigned char *crypto_base64_decode(const char *text, size_t *size);
/* The base64 of HMAC-SHA256. */
bool crypto_hmac(const void *key, size_t key_size, const char *text,
                 char mac[static HMAC_TEXT_SIZE]);
/* Are both texts equal? Takes the same time wherever they differ. */
bool crypto_equal(const char *left, const char *right);

#endif
