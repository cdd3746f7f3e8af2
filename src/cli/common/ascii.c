#include "ascii.h"

static int lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte;
}

bool ascii_equals_nocase(const char *a, const char *b)
{
    for (; *a != '\0' && lower(*a) == lower(*b); a++)
        b++;
    return *a == *b;
}

bool ascii_begins_nocase(const char *text, const char *prefix)
{
    for (; *prefix != '\0' && lower(*text) == lower(*prefix); prefix++)
        text++;
    return *prefix == '\0';
}
