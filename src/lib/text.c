/* What a stranger's bytes are, and how they are shown. Classes are ASCII by comparison and not
 * <ctype.h>'s, which ask the locale. */
#include "text.h"

#include <string.h>

size_t utf8_sequence(const unsigned char *text, size_t size, unsigned *code)
{
    /* By length: a smaller code point has been written in a longer form than it needs. */
    static const unsigned smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned char lead = text[0];
    /* 0xc0 and 0xc1 begin overlong forms only; from 0xf5 on, nothing is Unicode. */
    size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

    if (length == 0 || length > size || lead > 0xf4)
        return 0;
    *code = length == 1 ? lead : lead & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (text[i] & 0x3fU);
    }
    if (*code < smallest[length] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
        return 0;
    return length;
}

bool utf8_valid(const void *text, size_t size)
{
    const unsigned char *at = text;
    const unsigned char *end = at + size;
    unsigned code;

    while (at < end) {
        size_t length = *at < 0x80 ? 1 : utf8_sequence(at, (size_t)(end - at), &code);

        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

bool utf8_is_harmless(unsigned code)
{
    return code > 0x9f && code != 0x61c && code != 0x200e && code != 0x200f
           && !(code >= 0x2028 && code <= 0x202e) && !(code >= 0x2066 && code <= 0x2069);
}

void text_append_printable(struct buf *buf, const void *text, size_t size)
{
    const unsigned char *at = text;
    const unsigned char *end = at + size;

    while (at < end) {
        const unsigned char *run = at; /* of plain ASCII, goes out in one piece */
        unsigned code = 0;
        size_t length;
        bool shown;

        while (at < end && byte_is_plain(*at))
            at++;
        buf_append(buf, run, (size_t)(at - run));
        if (at == end)
            break;
        length = utf8_sequence(at, (size_t)(end - at), &code);
        shown = length > 0 && utf8_is_harmless(code);
        if (shown)
            buf_append(buf, at, length);
        /* Byte by byte, so that what is shown leads back to what came. */
        for (size_t i = 0; !shown && i < (length > 0 ? length : 1); i++)
            buf_format(buf, "\\x%02x", at[i]);
        at += length > 0 ? length : 1;
    }
}

static bool is_plain_word(const char *text)
{
    size_t size = 0;

    while (byte_is_alnum((unsigned char)text[size])
           || (text[size] != '\0' && strchr("%+,-./:=@_", text[size]) != NULL))
        size++;
    return size > 0 && text[size] == '\0';
}

void text_append_shell_word(struct buf *buf, const char *text)
{
    if (is_plain_word(text)) {
        buf_text(buf, text);
        return;
    }
    buf_text(buf, "'");
    while (*text != '\0') {
        size_t size = strcspn(text, "'");

        buf_append(buf, text, size);
        text += size;
        if (*text == '\'') {
            buf_text(buf, "'\\''"); /* nothing escapes it within single quotes */
            text++;
        }
    }
    buf_text(buf, "'");
}

size_t text_cut(const char *text, size_t size)
{
    /* Needs the byte at size: it tells whether a character goes on there. */
    while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
        size--;
    /* \xNN is 4 bytes long, so 3 of them at most stand before the cut. */
    for (size_t back = 1; back <= 3 && back <= size; back++)
        if (text[size - back] == '\\' && text[size - back + 1] == 'x')
            return size - back;
    return size;
}

bool byte_is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte <= 0x7e;
}

bool byte_is_digit(unsigned char byte)
{
    return byte >= '0' && byte <= '9';
}

bool byte_is_alnum(unsigned char byte)
{
    return byte_is_digit(byte) || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

bool byte_is_token(unsigned char byte)
{
    return byte_is_alnum(byte) || (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

bool text_to_number(const char *text, long long max, long long *number)
{
    long long value = 0;

    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        int digit = *text - '0';

        /* Rounded down, so that value * 10 + digit never passes max. */
        if (digit < 0 || digit > 9 || value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}
