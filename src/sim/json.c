/* json: the strings of the JSON that the hub writes; what it reads goes through cJSON. */
#include "json.h"

#include "crypto.h"

#include <stdlib.h>
#include <string.h>

/* The length of the UTF-8 sequence at text, 0 if there is none (surrogates and overlong too). */
static size_t sequence_size(const unsigned char *text)
{
    size_t size = text[0] < 0x80 ? 1 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;

    if ((text[0] >= 0x80 && text[0] < 0xc2) || text[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f)
        || (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
        return 0;
    return size;
}

static bool is_utf8(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    while (*at != '\0') {
        size_t size = sequence_size(at);

        if (size == 0)
            return false;
        at += size;
    }
    return true;
}

void json_string(struct buf *out, const char *text)
{
    bool utf8;

    if (text == NULL)
        text = "";
    utf8 = is_utf8(text);
    buf_append(out, "\"", 1);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            buf_format(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8))
            buf_format(out, "\\u%04x", c);
        else
            buf_append(out, text, 1);
    }
    buf_append(out, "\"", 1);
}

void json_member(struct buf *out, const char *name, const char *text)
{
    buf_format(out, ",\"%s\":", name);
    json_string(out, text);
}

void json_base64(struct buf *out, const void *data, size_t size)
{
    char *text = malloc(BASE64_SIZE(size));

    if (text == NULL) {
        out->failed = true;
        return;
    }
    crypto_base64(data, size, text);
    buf_format(out, "\"%s\"", text);
    free(text);
}
