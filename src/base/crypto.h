/* HMAC-SHA256, base64 and randomness; the library's only user of OpenSSL beside tls.c. */
#ifndef CRYPTO_H
#define CRYPTO_H

#include "buf.h"

#include <stdint.h>

enum { HMAC_SIZE = 32 };

bool crypto_hmac_sha256(const struct buf *key, const void *data, size_t size,
                        unsigned char mac[HMAC_SIZE]);
/* Appends data in base64. */
void base64_append(struct buf *buf, const void *data, size_t size);
/* Strict: the standard alphabet, padded, no white space. False also for empty text or no memory. */
bool base64_decode(struct buf *buf, const char *text, size_t size);
/* False when the system has no randomness to give. */
bool crypto_random(void *data, size_t size);

#endif
