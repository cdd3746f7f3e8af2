/* Reads a file that other processes write. Returns only complete lines: the next writer may cut off
 * an incomplete one. */
#include "tail.h"

#include "../common/sink_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than any batch of a hub. A longer line is not a record. The kernel allocates the memory only
 * as it is used. */
enum { LINE_MAX_SIZE = 4 * 1024 * 1024 };

static int open_path(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

/* Sets mark to the offset at. Returns false if the file is shorter or cannot be read. */
static bool read_mark(int fd, off_t at, struct tail_mark *mark)
{
    mark->at = at;
    mark->size = at < TAIL_MARK_SIZE ? (size_t)at : TAIL_MARK_SIZE;
    return pread(fd, mark->bytes, mark->size, at - (off_t)mark->size) == (ssize_t)mark->size;
}

/* True if the file still has the bytes of mark before its offset. */
static bool mark_is_valid(int fd, const struct tail_mark *mark)
{
    char bytes[TAIL_MARK_SIZE];

    return pread(fd, bytes, mark->size, mark->at - (off_t)mark->size) == (ssize_t)mark->size
           && memcmp(bytes, mark->bytes, mark->size) == 0;
}

/* Advances mark over size bytes and stores the last of them. */
static void move_mark(struct tail_mark *mark, const char *passed, size_t size)
{
    mark->at += (off_t)size;
    mark->size = size < TAIL_MARK_SIZE ? size : TAIL_MARK_SIZE;
    memcpy(mark->bytes, passed + size - mark->size, mark->size);
}

bool tail_open(struct tail *tail, const char *path)
{
    off_t end;

    *tail = (struct tail) { .path = path, .fd = open_path(path), .data = malloc(LINE_MAX_SIZE) };
    if (tail->fd < 0 || tail->data == NULL)
        return false;
    end = sink_file_end(tail->fd);
    /* If the file was emptied in between, all of its lines are new. */
    if (end > 0 && !read_mark(tail->fd, end, &tail->first))
        tail->first = (struct tail_mark) { 0 };
    tail->passed = tail->first;
    return end >= 0;
}

/* Reads more data. Returns false with errno 0 at the end of the file, or with errno set on an
 * error. */
static bool fill(struct tail *tail)
{
    ssize_t count;

    memmove(tail->data, tail->data + tail->start, tail->end - tail->start);
    tail->end -= tail->start;
    tail->start = 0;
    if (tail->end == LINE_MAX_SIZE) {
        move_mark(&tail->passed, tail->data, LINE_MAX_SIZE);
        tail->end = 0;
    }
    count = pread(tail->fd, tail->data + tail->end, LINE_MAX_SIZE - tail->end,
                  tail->passed.at + (off_t)tail->end);
    if (count > 0)
        tail->end += (size_t)count;
    else if (count == 0)
        errno = 0;
    return count > 0;
}

/* Checks whether the file was emptied or moved since the last call. If it was emptied, for instance
 * by logrotate's copytruncate, all of its lines are new. If only an incomplete batch was cut off,
 * reading restarts at the first mark. */
static bool check_file(struct tail *tail)
{
    struct stat named, opened;

    if (fstat(tail->fd, &opened) != 0)
        return false;
    if (!mark_is_valid(tail->fd, &tail->first))
        tail->first = (struct tail_mark) { 0 };
    if (!mark_is_valid(tail->fd, &tail->passed))
        tail->passed = tail->first;
    tail->was_moved = stat(tail->path, &named) == 0
                      && (named.st_ino != opened.st_ino || named.st_dev != opened.st_dev);
    errno = 0; /* a missing name is no error: the new file is not created yet */
    return true;
}

/* Opens the file that path leads to now. The old one must be read to its end. */
static bool open_next(struct tail *tail)
{
    int fd = open_path(tail->path);

    /* If the new file was moved away as well, the next call tries again. */
    if (fd < 0)
        return errno == ENOENT;
    close(tail->fd);
    tail->fd = fd;
    tail->first = tail->passed = (struct tail_mark) { 0 };
    return true;
}

static const char *next_line(struct tail *tail)
{
    do {
        char *line = tail->data + tail->start;
        char *newline = memchr(line, '\n', tail->end - tail->start);

        if (newline != NULL) {
            size_t size = (size_t)(newline - line) + 1;

            move_mark(&tail->passed, line, size);
            *newline = '\0';
            tail->start += size;
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
    if (tail->end == 0 && !check_file(tail))
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
