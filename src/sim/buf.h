#ifndef SIM_BUF_H
#define SIM_BUF_H

#include <stdbool.h>
#include <stddef.h>

/* A growing run of bytes, always followed by a NUL. Zeroed storage is an empty buffer. */
struct buf {
    char *data; /* NULL while empty */
    size_t size;
    size_t capacity;
    bool failed; /* an append was lost; every later one is too */
};

void buf_append(struct buf *buf, const void *data, size_t size);
void buf_text(struct buf *buf, const char *text);
void buf_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Frees the bytes and makes buf empty and usable again. */
void buf_clear(struct buf *buf);

#endif
