/* JSON output into a struct buf. No append is checked here: a failure of the buffer is sticky, and
 * the caller checks it once, at the end. */
#include "json_write.h"

#include "text.h"

#include <string.h>

static void append_escape(struct buf *buf, unsigned code)
{
    if (code == '"' || code == '\\')
        buf_format(buf, "\\%c", (int)code);
    else if (code == '\n')
        buf_text(buf, "\\n");
    else
        buf_format(buf, "\\u%04x", code);
}

static bool needs_no_escape(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

void json_append_quoted(struct buf *buf, const void *text, size_t size)
{
    const unsigned char *at = text;
    const unsigned char *end = at + size;

    buf_byte(buf, '"');
    while (at < end) {
        const unsigned char *run = at; /* appended in one piece */
        unsigned code = 0;
        size_t length;

        while (at < end && needs_no_escape(*at))
            at++;
        buf_append(buf, run, (size_t)(at - run));
        if (at == end)
            break;
        length = utf8_sequence(at, (size_t)(end - at), &code);
        if (length > 0 && utf8_is_harmless(code))
            buf_append(buf, at, length);
        else
            append_escape(buf, length > 0 ? code : 0xfffd);
        at += length > 0 ? length : 1;
    }
    buf_byte(buf, '"');
}

void json_append_json(struct buf *buf, const char *json)
{
    const unsigned char *at = (const unsigned char *)json;
    const unsigned char *end = at + strlen(json);

    while (at < end) {
        unsigned code = 0;
        size_t length = utf8_sequence(at, (size_t)(end - at), &code);

        /* Outside strings JSON is ASCII, so such a code point is within a string. */
        if (length > 0 && code >= 0x7f && !utf8_is_harmless(code))
            append_escape(buf, code);
        else
            buf_append(buf, at, length > 0 ? length : 1);
        at += length > 0 ? length : 1;
    }
}

static void begin_member(struct buf *buf)
{
    if (buf->size > 0 && buf->data[buf->size - 1] != '{')
        buf_byte(buf, ',');
}

void json_append_key(struct buf *buf, const char *key)
{
    begin_member(buf);
    buf_byte(buf, '"');
    buf_text(buf, key);
    buf_text(buf, "\":");
}

void json_append_name(struct buf *buf, const char *name)
{
    begin_member(buf);
    json_append_quoted(buf, name, strlen(name));
    buf_byte(buf, ':');
}

void json_append_text(struct buf *buf, const char *key, const char *value)
{
    if (value == NULL)
        return;
    json_append_key(buf, key);
    json_append_quoted(buf, value, strlen(value));
}

/* buf_format() would cost ten times as much: each record has several numbers. */
void json_append_number(struct buf *buf, const char *key, long long value)
{
    char digits[20];
    size_t at = sizeof digits;
    unsigned long long rest = value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value;

    json_append_key(buf, key);
    if (value < 0)
        buf_byte(buf, '-');
    do
        digits[--at] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    buf_append(buf, digits + at, sizeof digits - at);
}

void json_append_bool(struct buf *buf, const char *key, bool value)
{
    json_append_member(buf, key, value ? "true" : "false");
}

void json_append_member(struct buf *buf, const char *key, const char *json)
{
    if (json == NULL)
        return;
    json_append_key(buf, key);
    buf_text(buf, json);
}

void json_begin(struct buf *buf)
{
    *buf = (struct buf) { 0 };
    buf_byte(buf, '{');
    json_append_number(buf, "v", 1);
}

char *json_end(struct buf *buf)
{
    buf_byte(buf, '}');
    return buf_take(buf);
}

char *json_quoted(const void *text, size_t size)
{
    struct buf buf = { 0 };

    json_append_quoted(&buf, text, size);
    return buf_take(&buf);
}
