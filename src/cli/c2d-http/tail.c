/* Reads a file that others write. Only whole lines count: half of one may be cut off again by
 * whoever writes next. */
#include "tail.h"

#include "../common/sink_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Over any batch of a hub; memory is taken as it is used. What is longer is no record. */
enum { LINE_MAX_SIZE = 4 * 1024 * 1024 };

static int open_path(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

bool tail_open(struct tail *tail, const char *path)
{
    *tail = (struct tail) { .path = path, .fd = open_path(path), .data = malloc(LINE_MAX_SIZE) };
    if (tail->fd < 0 || tail->data == NULL)
        return false;
    tail->first = tail->at = sink_file_end(tail->fd);
    return tail->at >= 0;
}

/* Reads on behind what is there. False when nothing came, with errno set when that is a failure. */
static bool fill(struct tail *tail)
{
    ssize_t count;

    memmove(tail->data, tail->data + tail->start, tail->end - tail->start);
    tail->end -= tail->start;
    tail->start = 0;
    if (tail->end == LINE_MAX_SIZE) {
        tail->at += LINE_MAX_SIZE;
        tail->end = 0;
    }
    count = pread(tail->fd, tail->data + tail->end, LINE_MAX_SIZE - tail->end,
                  tail->at + (off_t)tail->end);
    if (count > 0)
        tail->end += (size_t)count;
    else if (count == 0)
        errno = 0;
    return count > 0;
}

/* Before the file is read to its end. It is shorter when it was emptied, or when a batch that did
 * not fit was taken back: what was there at first does not count then either. */
static bool look(struct tail *tail)
{
    struct stat named, opened;

    if (fstat(tail->fd, &opened) != 0)
        return false;
    if (opened.st_size < tail->first)
        tail->first = 0;
    if (opened.st_size < tail->at)
        tail->at = tail->first;
    tail->was_moved = stat(tail->path, &named) == 0
                      && (named.st_ino != opened.st_ino || named.st_dev != opened.st_dev);
    errno = 0; /* no name is no trouble: it is on its way */
    return true;
}

/* All of the file that was moved away is read. */
static bool open_next(struct tail *tail)
{
    int fd = open_path(tail->path);

    /* Moved away, too, in the meantime: once more at the next call. */
    if (fd < 0)
        return errno == ENOENT;
    close(tail->fd);
    tail->fd = fd;
    tail->first = tail->at = 0;
    return true;
}

static const char *next_line(struct tail *tail)
{
    do {
        char *line = tail->data + tail->start;
        char *newline = memchr(line, '\n', tail->end - tail->start);

        if (newline != NULL) {
            *newline = '\0';
            tail->start += (size_t)(newline - line) + 1;
            tail->at += newline - line + 1;
            return line;
        }
    } while (fill(tail));
    tail->start = tail->end = 0;
    return NULL;
}

const char *tail_next(struct tail *tail)
{
    const char *line;

    errno = 0;
    if (tail->end == 0 && !look(tail))
        return NULL;
    line = next_line(tail);
    if (line != NULL || errno != 0 || !tail->was_moved || !open_next(tail))
        return line;
    tail->was_moved = false;
    errno = 0;
    return next_line(tail);
}

void tail_close(struct tail *tail)
{
    if (tail->fd >= 0)
        close(tail->fd);
    free(tail->data);
    *tail = (struct tail) { .fd = -1 };
}
