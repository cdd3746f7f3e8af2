/* Classifies untrusted bytes and makes them printable. Not with <ctype.h>, which depends on the
 * locale. */
#include "text.h"

#include <stdio.h>
#include <string.h>

size_t utf8_sequence(const unsigned char *text, size_t size, unsigned *code)
{
    /* The smallest code point of each length: a smaller one is an overlong form. */
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
        const unsigned char *run = at; /* plain ASCII, appended in one piece */
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
        /* Byte by byte, so that the original bytes can be told from the output. */
        for (size_t i = 0; !shown && i < (length > 0 ? length : 1); i++)
            buf_format(buf, "\\x%02x", at[i]);
        at += length > 0 ? length : 1;
    }
}

/* Characters that word processors, browsers and chat programs substitute for ASCII. */
static const struct {
    unsigned first, last;
    const char *name;
} lookalikes[] = {
    { 0x80, 0x9f, "a control character" },
    { 0xa0, 0xa0, "a no-break space" },
    { 0xab, 0xab, "a typographic quote" },
    { 0xad, 0xad, "an invisible hyphen" },
    { 0xbb, 0xbb, "a typographic quote" },
    { 0x2007, 0x2007, "a no-break space" },
    { 0x2000, 0x200a, "a wide space" },
    { 0x200b, 0x200f, "an invisible character" },
    { 0x2010, 0x2015, "a dash" },
    { 0x2018, 0x201f, "a typographic quote" },
    { 0x2028, 0x2029, "a line separator" },
    { 0x202a, 0x202e, "an invisible character" },
    { 0x202f, 0x202f, "a no-break space" },
    { 0x2039, 0x203a, "a typographic quote" },
    { 0x2060, 0x2069, "an invisible character" },
    { 0x2212, 0x2212, "a minus sign" },
    { 0x3000, 0x3000, "a wide space" },
    { 0xfeff, 0xfeff, "a byte order mark" },
};

static const char *name_lookalike(unsigned code)
{
    for (size_t i = 0; i < sizeof lookalikes / sizeof *lookalikes; i++)
        if (code >= lookalikes[i].first && code <= lookalikes[i].last)
            return lookalikes[i].name;
    return NULL;
}

void text_name_character(const char *text, char out[static TEXT_NAME_SIZE])
{
    unsigned char byte = (unsigned char)*text;
    const char *name;
    unsigned code;

    if (byte == ' ') {
        snprintf(out, TEXT_NAME_SIZE, "a space");
    } else if (byte_is_plain(byte)) {
        snprintf(out, TEXT_NAME_SIZE, "'%c'", byte);
    } else if (byte < 0x80) {
        snprintf(out, TEXT_NAME_SIZE, "a control character (0x%02x)", byte);
    } else if (utf8_sequence((const unsigned char *)text, strnlen(text, 4), &code) == 0) {
        snprintf(out, TEXT_NAME_SIZE, "the byte 0x%02x", byte);
    } else {
        name = name_lookalike(code);
        snprintf(out, TEXT_NAME_SIZE, name != NULL ? "%s (U+%04X)" : "%sU+%04X",
                 name != NULL ? name : "the character ", code);
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
    buf_byte(buf, '\'');
    while (*text != '\0') {
        size_t size = strcspn(text, "'");

        buf_append(buf, text, size);
        text += size;
        if (*text == '\'') {
            buf_text(buf, "'\\''"); /* nothing escapes it within single quotes */
            text++;
        }
    }
    buf_byte(buf, '\'');
}

size_t text_cut(const char *text, size_t size)
{
    /* Reads the byte at size: a continuation byte there means that a character would be cut. */
    while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
        size--;
    /* \xNN is 4 bytes long, so at most 3 of them come before the cut. */
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

static unsigned lower(char byte)
{
    unsigned value = (unsigned char)byte;

    return value - 'A' < 26 ? value + ('a' - 'A') : value;
}

bool text_equals_nocase(const char *a, const char *b)
{
    /* Compares the bytes first: most pairs are equal, or differ in the first byte. */
    for (; *a == *b || lower(*a) == lower(*b); a++, b++)
        if (*a == '\0')
            return true;
    return false;
}

bool text_begins_nocase(const char *text, const char *prefix)
{
    for (; *text == *prefix || lower(*text) == lower(*prefix); text++, prefix++)
        if (*prefix == '\0')
            return true;
    return *prefix == '\0';
}

bool text_to_number(const char *text, long long max, long long *number)
{
    long long value = 0;

    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        int digit = *text - '0';

        /* The division rounds down, so value * 10 + digit never exceeds max. */
        if (digit < 0 || digit > 9 || digit > max || value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}

char *text_printable(const void *text, size_t size)
{
    struct buf buf = { 0 };

    text_append_printable(&buf, text, size);
    return buf_take(&buf);
}

char *text_shell_word(const char *text)
{
    struct buf buf = { 0 };

    text_append_shell_word(&buf, text);
    return buf_take(&buf);
}
