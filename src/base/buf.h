/* A growing byte buffer with a hard limit. Its bytes are wiped when it grows, shrinks to nothing or
 * is cleared, so it may hold secrets. A failure sticks: writers append freely and ask once. */
#ifndef BUF_H
#define BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data; /* data[size] is 0 once anything was appended */
    size_t size;
    size_t capacity;
    size_t limit;  /* 0: none */
    bool overflow; /* the limit was reached */
    bool failed;   /* the limit was reached, or memory is gone */
};

/* False, and buf unchanged but for its flags, when the limit is passed or memory is gone. */
bool buf_append(struct buf *buf, const void *data, size_t size);
bool buf_text(struct buf *buf, const char *text);
bool buf_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for size more bytes at data + size, for a caller that adds them to size itself; or NULL. */
char *buf_reserve(struct buf *buf, size_t size);
/* The text, which is the caller's now, or NULL after a failure; buf is empty again either way. */
char *buf_take(struct buf *buf);
/* Wipes and frees; limit stays. Zeroed storage is fine. */
void buf_clear(struct buf *buf);

/* Overwrites memory in a way that no compiler removes. NULL with size 0 is fine. */
void wipe(void *data, size_t size);
/* Wipes text up to its NUL and frees it. NULL is fine. */
void wipe_free(char *text);

#endif
