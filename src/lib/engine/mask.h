/* Removes a token's signature from texts that are shown: a server may send it back. */
#ifndef MASK_H
#define MASK_H

#include "c2d.h"

#include <stddef.h>

/* Overwrites every occurrence of the signature of the token authorization in data with "*": as it
 * was sent, decoded, or escaped for a URL, JSON or HTML, also if truncated at its end.
 * authorization may be NULL. */
void mask_signature(char *data, size_t size, const char *authorization);
/* The same in each text of error. */
void mask_error(struct c2d_error *error, const char *authorization);

#endif
