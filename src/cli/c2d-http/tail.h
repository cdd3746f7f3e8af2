/* The lines that others append to a file from now on, also when it is rotated or emptied. */
#ifndef TAIL_H
#define TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { TAIL_MARK_SIZE = 256 };

/* A place in a file, and the bytes before it. A place is no identity: a file that was emptied may
 * have grown past it again. */
struct tail_mark {
    off_t at;
    size_t size;
    char bytes[TAIL_MARK_SIZE];
};

struct tail {
    const char *path;
    int fd;                         /* negative: not open */
    struct tail_mark first, passed; /* where it was opened, and behind the last line handed out */
    char *data; /* what was read after passed; the lines up to start are handed out */
    size_t start, end;
    bool was_moved; /* its name leads elsewhere: once all of it is read, that is next */
};

/* Stands behind the last line of path, which must live as long as tail. False with errno set. */
bool tail_open(struct tail *tail, const char *path);
/* The next line, without its newline, until the next call. NULL when there is no whole one yet, and
 * with errno set when the file cannot be read, else it is 0. */
const char *tail_next(struct tail *tail);
void tail_close(struct tail *tail);

#endif
