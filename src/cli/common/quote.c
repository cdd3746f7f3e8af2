#include "quote.h"

#include <string.h>

void quote_bytes(const char *text, size_t size, const char *special, FILE *out)
{
    for (; size > 0; text++, size--) {
        if (strchr(special, *text) != NULL)
            fputc('\\', out);
        /* A quote cannot be escaped in single quotes: close, escape and reopen. */
        if (*text == '\'')
            fputs("'\\''", out);
        else
            fputc(*text, out);
    }
}

void quote_put(const char *text, const char *special, FILE *out)
{
    quote_bytes(text, strlen(text), special, out);
}
