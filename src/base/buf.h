/* A growing byte buffer with a hard limit. Its bytes are wiped when it grows or is cleared, so it
 * may hold secrets. A failure is sticky: callers append freely and check `failed` once. */
#ifndef BUF_H
#define BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data; /* data[size] is 0 once anything was appended */
    size_t size;
    size_t capacity;
    size_t limit;  /* 0: none; set before the first append */
    bool overflow; /* the limit was reached */
    bool failed;   /* the limit was reached, or out of memory */
};

/* Return false over the limit or out of memory; then only the flags of buf have changed. */
bool buf_append(struct buf *buf, const void *data, size_t size);
bool buf_text(struct buf *buf, const char *text);
bool buf_byte(struct buf *buf, char byte);
bool buf_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Returns room for size bytes at data + size; the caller writes them and adds to `size`. NULL on
 * failure. */
char *buf_reserve(struct buf *buf, size_t size);
/* Returns the text, which the caller frees, or NULL after a failure. buf is empty afterwards. */
char *buf_take(struct buf *buf);
/* Wipes and frees the bytes; keeps the limit. A zeroed struct is fine. */
void buf_clear(struct buf *buf);

/* Overwrites memory; the compiler cannot optimise it away. NULL with size 0 is fine. */
void wipe(void *data, size_t size);
/* Wipes text up to its NUL and frees it. NULL is fine. */
void wipe_free(char *text);

#endif
