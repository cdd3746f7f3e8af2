/* Keeps a token's signature out of texts that are shown: a server may send it back. */
#ifndef MASK_H
#define MASK_H

#include "c2d.h"

#include <stddef.h>

/* Overwrites every occurrence of the signature of the token authorization with "*" in data, in
 * whatever way it is written there: as it was sent, decoded, or escaped for a URL, JSON or HTML.
 * One that was cut at its end counts too. authorization may be NULL. */
void mask_signature(char *data, size_t size, const char *authorization);
/* The same in each text of error. */
void mask_error(struct c2d_error *error, const char *authorization);

#endif
