/* The marks of texts that programs of Windows write. */
#ifndef ENCODING_H
#define ENCODING_H

#include <stdbool.h>
#include <stddef.h>

/* The size of the byte order mark of UTF-8 at the beginning of text; 0: there is none. */
size_t encoding_mark(const char *text, size_t size);
/* Does text begin like UTF-16: with its byte order mark, or an ASCII character with a zero byte? */
bool encoding_is_utf16(const char *text, size_t size);

#endif
