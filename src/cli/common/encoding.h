/* Detects text encodings that Windows programs write. */
#ifndef ENCODING_H
#define ENCODING_H

#include <stdbool.h>
#include <stddef.h>

/* Returns the size of a UTF-8 byte order mark at the start of text; 0: none. */
size_t encoding_mark(const char *text, size_t size);
/* True if text starts like UTF-16: with a byte order mark, or with an ASCII character and a zero
 * byte. */
bool encoding_is_utf16(const char *text, size_t size);

#endif
