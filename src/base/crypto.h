/* HMAC-SHA256, base64 and randomness. In the library, OpenSSL is used here and in http/ (TLS). */
#ifndef CRYPTO_H
#define CRYPTO_H

#include "buf.h"

#include <stdint.h>

enum { HMAC_SIZE = 32 };

/* Keeps OpenSSL from freeing its memory piece by piece at exit, a million instructions. Only for
 * programs, before all other calls of OpenSSL. */
void crypto_skip_clean_up(void);

bool crypto_hmac_sha256(const struct buf *key, const void *data, size_t size,
                        unsigned char mac[HMAC_SIZE]);
/* Appends data in base64. A failure is recorded in buf. */
void base64_append(struct buf *buf, const void *data, size_t size);
/* Strict: the standard alphabet, padded, no white space. Also returns false for empty text, and
 * when out of memory. */
bool base64_decode(struct buf *buf, const char *text, size_t size);
/* Returns the version of OpenSSL in use, with its date: "OpenSSL 3.0.19 27 Jan 2026". */
const char *crypto_version(void);
/* Returns false if the system provides no randomness. */
bool crypto_random(void *data, size_t size);

#endif
