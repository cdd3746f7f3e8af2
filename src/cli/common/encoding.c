#include "encoding.h"

#include <string.h>

size_t encoding_mark(const char *text, size_t size)
{
    static const char mark[] = { '\xef', '\xbb', '\xbf' };

    return size >= sizeof mark && memcmp(text, mark, sizeof mark) == 0 ? sizeof mark : 0;
}

bool encoding_is_utf16(const char *text, size_t size)
{
    return size >= 2
           && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0
               || (text[0] == '\0') != (text[1] == '\0'));
}
