/* Percent-encoding for paths, queries and the fields of tokens: escapes all but the unreserved
 * bytes of RFC 3986, in upper-case hex. */
#include "url.h"

#include "base/text.h"

#include <string.h>

static bool is_unreserved(char c)
{
    return byte_is_alnum((unsigned char)c) || (c != '\0' && strchr("-_.~", c) != NULL);
}

void url_append_escaped(struct buf *buf, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";

    while (*text != '\0') {
        size_t plain = 0;

        while (is_unreserved(text[plain]))
            plain++;
        buf_append(buf, text, plain);
        text += plain;
        if (*text != '\0') {
            unsigned char byte = (unsigned char)*text++;
            const char escape[] = { '%', hex[byte >> 4], hex[byte & 0xf] };

            buf_append(buf, escape, sizeof escape);
        }
    }
}

int url_hex_value(char c)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *at = c == '\0' ? NULL : strchr(digits, c);

    if (at == NULL)
        return -1;
    return at - digits < 16 ? (int)(at - digits) : (int)(at - digits) - 6;
}

bool url_unescape(const char *text, size_t size, char *out)
{
    for (size_t i = 0; i < size; i++) {
        int high, low;

        if (text[i] != '%') {
            *out++ = text[i];
            continue;
        }
        high = i + 1 < size ? url_hex_value(text[i + 1]) : -1;
        low = i + 2 < size ? url_hex_value(text[i + 2]) : -1;
        /* Also refuses %00, which would end the text. */
        if (high < 0 || low < 0 || high + low == 0)
            return false;
        *out++ = (char)(high << 4 | low);
        i += 2;
    }
    *out = '\0';
    return true;
}
