/* A buffer grows by doubling into fresh memory and wipes the old memory: it may hold a secret. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Also uses up the capacity, so that buf_reserve() calls grow() for each later append. */
static bool refuse(struct buf *buf, bool overflow)
{
    buf->overflow |= overflow;
    buf->failed = true;
    buf->capacity = buf->size;
    return false;
}

/* Where doubling would overflow, the capacity is exactly what is needed. */
static size_t larger_capacity(const struct buf *buf, size_t needed)
{
    size_t capacity = buf->capacity < 64 ? 64 : buf->capacity;

    while (capacity < needed)
        capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
    return buf->limit > 0 && capacity > buf->limit ? buf->limit + 1 : capacity;
}

/* Makes room for size bytes and a NUL, which does not count against the limit. Not with realloc():
 * it may free memory that still holds a secret. Not inlined, to keep buf_reserve() short. */
static __attribute__((noinline)) bool grow(struct buf *buf, size_t size)
{
    size_t capacity;
    char *data;

    if (buf->failed)
        return false;
    if (size > SIZE_MAX - buf->size - 1 || (buf->limit > 0 && size > buf->limit - buf->size))
        return refuse(buf, true);
    capacity = larger_capacity(buf, buf->size + size + 1);
    data = malloc(capacity);
    if (data == NULL)
        return refuse(buf, false);
    if (buf->data != NULL) {
        memcpy(data, buf->data, buf->size);
        wipe(buf->data, buf->size);
        free(buf->data);
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

char *buf_reserve(struct buf *buf, size_t size)
{
    /* The NUL needs one byte more. */
    if (size >= buf->capacity - buf->size && !grow(buf, size))
        return NULL;
    return buf->data + buf->size;
}

bool buf_append(struct buf *buf, const void *data, size_t size)
{
    char *room = buf_reserve(buf, size);

    if (room == NULL)
        return false;
    if (size > 0)
        memcpy(room, data, size);
    buf->size += size;
    buf->data[buf->size] = '\0';
    return true;
}

bool buf_text(struct buf *buf, const char *text)
{
    return buf_append(buf, text, strlen(text));
}

bool buf_byte(struct buf *buf, char byte)
{
    char *room = buf_reserve(buf, 1);

    if (room == NULL)
        return false;
    room[0] = byte;
    room[1] = '\0';
    buf->size++;
    return true;
}

bool buf_format(struct buf *buf, const char *format, ...)
{
    char text[128]; /* enough for most */
    va_list args;
    int length;
    char *room;
    bool ok;

    va_start(args, format);
    length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (length < 0)
        return refuse(buf, false);
    if ((size_t)length < sizeof text) {
        ok = buf_append(buf, text, (size_t)length);
    } else {
        /* Formatted again into the buffer: a long text is never cut short. */
        room = buf_reserve(buf, (size_t)length);
        ok = room != NULL;
        va_start(args, format);
        if (ok)
            vsnprintf(room, (size_t)length + 1, format, args);
        va_end(args);
        buf->size += ok ? (size_t)length : 0;
    }
    wipe(text, sizeof text);
    return ok;
}

char *buf_take(struct buf *buf)
{
    char *text = NULL;

    /* An empty buffer returns "": NULL means failure. */
    if (!buf->failed && buf_append(buf, "", 0)) {
        text = buf->data;
        buf->data = NULL;
    }
    buf_clear(buf);
    return text;
}

void buf_clear(struct buf *buf)
{
    size_t limit = buf->limit;

    if (buf->data != NULL)
        wipe(buf->data, buf->size);
    free(buf->data);
    *buf = (struct buf) { .limit = limit };
}

void wipe(void *data, size_t size)
{
    /* glibc declares that the pointer is never NULL, even with a size of 0. */
    if (size > 0)
        explicit_bzero(data, size);
}

void wipe_free(char *text)
{
    if (text != NULL)
        wipe(text, strlen(text));
    free(text);
}
