/* Writes text for a shell. */
#ifndef QUOTE_H
#define QUOTE_H

#include <stdio.h>

/* Writes text for use between single quotes, with a backslash before the bytes of special. */
void quote_put(const char *text, const char *special, FILE *out);
/* The same for the first size bytes of text. */
void quote_bytes(const char *text, size_t size, const char *special, FILE *out);

#endif
