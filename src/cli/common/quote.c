#include "quote.h"

#include <string.h>

void quote_until(const char *text, char end, const char *special, FILE *out)
{
    for (; *text != '\0' && *text != end; text++) {
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
    quote_until(text, '\0', special, out);
}
