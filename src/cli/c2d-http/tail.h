/* Reads the lines that other processes append to a file, even if it is rotated or emptied. */
#ifndef TAIL_H
#define TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { TAIL_MARK_SIZE = 256 };

/* An offset in a file, and the bytes before it. The offset alone is not enough: the file may have
 * been emptied and have grown past it again. */
struct tail_mark {
    off_t at;
    size_t size;
    char bytes[TAIL_MARK_SIZE];
};

struct tail {
    const char *path;
    int fd;                         /* negative: not open */
    struct tail_mark first, passed; /* its end when opened, and the end of the last returned line */
    char *data;                     /* bytes from start to end are read, but not yet returned */
    size_t start, end;
    bool was_moved; /* path leads to another file, to be opened after this one is read */
};

/* Starts after the last line of path. The path must outlive tail. Returns false with errno set. */
bool tail_open(struct tail *tail, const char *path);
/* Returns the next complete line, without its newline, valid until the next call. Returns NULL with
 * errno 0 if there is none yet, and NULL with errno set if the file cannot be read. */
const char *tail_next(struct tail *tail);
void tail_close(struct tail *tail);

#endif
