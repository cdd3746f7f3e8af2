#include "sink_file.h"

#include "base/clock.h"
#include "output.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The start of every record of these programs. */
static const char record_start[] = "{\"v\":1,";

/* ---- The last line ---- */

enum line_kind {
    LINE_EMPTY,  /* the file ends with a newline, or is empty */
    LINE_RECORD, /* a record that lacks only its newline */
    LINE_TORN,   /* an incomplete record */
    LINE_OTHER,
    LINE_FAILED, /* it cannot be read; errno says why */
};

struct last_line {
    enum line_kind kind;
    off_t start;
};

/* The state of scanning a JSON object block by block. */
struct scan {
    size_t count; /* of bytes scanned */
    int depth;    /* of open braces */
    bool in_text, escaped;
    bool is_other; /* not a record: wrong start, or text after its end */
};

static void scan_byte(struct scan *scan, char byte)
{
    if (scan->count < sizeof record_start - 1)
        scan->is_other = byte != record_start[scan->count];
    else if (scan->depth == 0)
        scan->is_other = byte != '\r' && byte != ' ' && byte != '\t';
    scan->count++;
    if (scan->in_text) {
        scan->in_text = scan->escaped || byte != '"';
        scan->escaped = !scan->escaped && byte == '\\';
    } else if (byte == '"') {
        scan->in_text = true;
    } else if (byte == '{' || byte == '}') {
        scan->depth += byte == '{' ? 1 : -1;
    }
}

/* Returns the offset of the last line; size if all lines are complete; -1 with errno set. */
static off_t find_last_line(int fd, off_t size)
{
    char block[4096];
    off_t end = size;

    while (end > 0) {
        off_t start = end > (off_t)sizeof block ? end - (off_t)sizeof block : 0;
        ssize_t count = pread(fd, block, (size_t)(end - start), start);

        if (count != end - start)
            return -1;
        for (ssize_t i = count; i > 0; i--)
            if (block[i - 1] == '\n')
                return start + i;
        end = start;
    }
    return 0;
}

static struct last_line read_last_line(int fd, off_t size)
{
    struct last_line line = { LINE_FAILED, find_last_line(fd, size) };
    struct scan scan = { 0 };
    char block[4096];
    ssize_t count;

    if (line.start < 0)
        return line;
    for (off_t at = line.start; at < size && !scan.is_other; at += count) {
        off_t left = size - at;

        count = pread(fd, block, left < (off_t)sizeof block ? (size_t)left : sizeof block, at);
        if (count <= 0)
            return line;
        for (ssize_t i = 0; i < count && !scan.is_other; i++)
            scan_byte(&scan, block[i]);
    }
    if (line.start == size)
        line.kind = LINE_EMPTY;
    else if (scan.is_other)
        line.kind = LINE_OTHER;
    else
        line.kind = scan.depth > 0 ? LINE_TORN : LINE_RECORD;
    return line;
}

/* Cuts off a torn record, or completes the last line with a newline. *size is the file size. */
static bool heal(const struct sink *sink, off_t *size)
{
    struct last_line line = read_last_line(sink->fd, *size);

    if (line.kind == LINE_FAILED)
        return false;
    if (line.kind == LINE_EMPTY)
        return true;
    if (line.kind != LINE_TORN) {
        *size += 1;
        return write(sink->fd, "\n", 1) == 1;
    }
    if (ftruncate(sink->fd, line.start) != 0)
        return false;
    report_warning(sink->app,
                   "'%s' ended with the beginning of a record: its %lld bytes were cut off",
                   sink->path, (long long)(*size - line.start));
    *size = line.start;
    return true;
}

static off_t file_size(int fd)
{
    struct stat file;

    return fstat(fd, &file) == 0 ? file.st_size : -1;
}

off_t sink_file_end(int fd)
{
    struct last_line line;
    off_t size;

    do {
        size = file_size(fd);
        if (size < 0)
            return -1;
        line = read_last_line(fd, size);
    } while (line.kind == LINE_FAILED && size != file_size(fd)); /* it was truncated meanwhile */
    if (line.kind == LINE_FAILED)
        return -1;
    return line.kind == LINE_TORN ? line.start : size;
}

/* ---- Records ---- */

/* Removes a partly written record if it is still at the end of the file. */
static void undo(const struct sink *sink, off_t end, size_t written)
{
    int problem = errno;

    if (file_size(sink->fd) == end + (off_t)written && ftruncate(sink->fd, end) == 0)
        (void)lseek(sink->fd, end, SEEK_SET);
    errno = problem;
}

bool sink_file_put(const struct sink *sink, const char *data, size_t size, int64_t deadline_ms)
{
    off_t end = file_size(sink->fd);
    int flags = fcntl(sink->fd, F_GETFL);
    /* A redirected stdout may have any position. Data after it must not be cut. */
    bool at_end = flags >= 0 && ((flags & O_APPEND) != 0 || lseek(sink->fd, 0, SEEK_CUR) == end);
    size_t written;

    if (end < 0 || (sink->heals && !heal(sink, &end)))
        return false;
    written = output_write(sink->fd, data, size);
    if (written == size && fsync(sink->fd) == 0) {
        if (clock_monotonic_ms(NULL) < deadline_ms)
            return true;
        /* The lock has expired: the hub delivers the message again, and this record would be a
         * duplicate. */
        errno = ETIMEDOUT;
    }
    if (at_end)
        undo(sink, end, written);
    return false;
}
