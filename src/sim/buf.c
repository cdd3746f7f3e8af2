/* buf: a growing run of bytes. A lost append sticks, so that a writer of many pieces checks once,
 * at its end. */
#include "buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The state of 100,000 devices with full queues of small messages fits; a runaway loop does not. */
static const size_t limit = (size_t)512 << 20;

/* Makes room for size more bytes and a NUL. */
static bool reserve(struct buf *buf, size_t size)
{
    size_t capacity = buf->capacity > 0 ? buf->capacity : 256;
    char *data;

    if (buf->failed || size >= limit || buf->size >= limit - size) {
        buf->failed = true;
        return false;
    }
    if (buf->size + size < buf->capacity)
        return true;
    while (capacity <= buf->size + size)
        capacity *= 2;
    data = realloc(buf->data, capacity);
    if (data == NULL) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void buf_append(struct buf *buf, const void *data, size_t size)
{
    if (!reserve(buf, size))
        return;
    if (size > 0)
        memcpy(buf->data + buf->size, data, size);
    buf->size += size;
    buf->data[buf->size] = '\0';
}

void buf_text(struct buf *buf, const char *text)
{
    buf_append(buf, text, strlen(text));
}

void buf_format(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_list again;
    int size;

    va_start(args, format);
    va_copy(again, args);
    size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0) {
        buf->failed = true;
    } else if (reserve(buf, (size_t)size)) {
        (void)vsnprintf(buf->data + buf->size, (size_t)size + 1, format, again);
        buf->size += (size_t)size;
    }
    va_end(again);
}

void buf_clear(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf) { 0 };
}
