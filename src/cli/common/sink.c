/* Where records go before they are settled. What sink_put() accepts has arrived: synced to disk, or
 * taken by the reader of a pipe. What a record says is not known here. */
#define _GNU_SOURCE /* open file description locks, F_SETPIPE_SZ */
#include "sink.h"

#include "folder_sync.h"
#include "monotonic.h"
#include "output.h"
#include "report.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* What every record of ours begins with. */
static const char record_start[] = "{\"v\":1,";

/* One write to a pipe never blocks when poll() has said so and it is no larger than this. */
enum { PIPE_PIECE = 4096 };

/* How much is in a pipe and not read yet; -1: it is none. */
static int unread(int fd)
{
    int size = 0;

    return ioctl(fd, FIONREAD, &size) == 0 ? size : -1;
}

static enum c2d_status fail_io(const struct sink *sink, const struct app *app)
{
    return report_failure(app, C2D_IO, NULL, "%s: %s", sink->name, strerror(errno));
}

/* No lock can be had, whoever asks: NFS without lockd, proot. */
static enum c2d_status fail_lock(const struct sink *sink, const struct app *app)
{
    return report_failure(app, C2D_IO,
                          sink->use == SINK_SHARED
                              ? "pass --no-lock if no other program writes to that file"
                              : "choose a file on another file system, one that has locks: only "
                                "one program at a time may read the feedback queue",
                          "%s cannot be locked: %s", sink->name, strerror(errno));
}

/* Of a file whose records come off a queue, the first byte is locked by whoever reads that queue,
 * all behind it by the collector. So a collector that finds a waiting send at work is known to it,
 * and is next. */
static const struct flock whole = { .l_whence = SEEK_SET };
static const struct flock reader = { .l_whence = SEEK_SET, .l_len = 1 };
static const struct flock collector = { .l_whence = SEEK_SET, .l_start = 1 };

/* Of the open file, not the process: closing another descriptor of it does not drop this lock, as
 * it would with F_SETLK. */
static bool set_lock(int fd, struct flock lock, short type)
{
    lock.l_type = type;
    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

static bool is_locked(int fd, struct flock lock)
{
    lock.l_type = F_WRLCK;
    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* A lock that cannot be had later would stop us when the hub has been asked already. */
static bool can_lock(int fd)
{
    struct flock lock = whole;

    lock.l_type = F_WRLCK;
    return fcntl(fd, F_OFD_GETLK, &lock) == 0;
}

static enum c2d_status open_file(struct sink *sink, const struct app *app, const char *path)
{
    const int flags = O_APPEND | O_CLOEXEC | O_NOCTTY;
    struct stat status;
    bool special = stat(path, &status) == 0 && !S_ISREG(status.st_mode);

    /* Reading, too, to find a torn line; but a pipe that is read by us would never end. */
    sink->fd = open(path, flags | (special ? O_WRONLY : O_RDWR));
    if (sink->fd < 0 && errno == ENOENT)
        sink->fd = open(path, flags | O_RDWR | O_CREAT, 0600);
    /* Also where an earlier run has made it: that may have died before this. */
    if (sink->fd >= 0 && !special && !folder_sync_parent(app, path, sink->fd)) {
        close(sink->fd);
        sink->fd = -1;
    }
    if (sink->fd < 0 && signals_caught() != 0)
        return C2D_CANCELLED;
    if (sink->fd < 0)
        return report_failure(app, C2D_CANT_CREATE, NULL, "'%s': %s", path, strerror(errno));
    return C2D_OK;
}

enum c2d_status sink_open(struct sink *sink, const struct app *app, const char *path, bool heals,
                          enum sink_use use)
{
    struct stat file;
    enum c2d_status status;

    *sink = (struct sink) { .name = path != NULL ? path : "stdout", .fd = STDOUT_FILENO };
    status = path != NULL ? open_file(sink, app, path) : output_check(app);
    if (status != C2D_OK)
        return status;
    sink->is_ours = path != NULL;
    if (fstat(sink->fd, &file) != 0)
        return fail_io(sink, app);
    sink->is_file = S_ISREG(file.st_mode);
    sink->is_pipe = S_ISFIFO(file.st_mode);
    sink->heals = heals && sink->is_ours && sink->is_file;
    sink->use = sink->is_ours && sink->is_file ? use : SINK_SHARED;
    if (sink->is_ours && sink->is_file && use != SINK_UNLOCKED && !can_lock(sink->fd))
        return fail_lock(sink, app);
    if (sink->use != SINK_COLLECTS || set_lock(sink->fd, collector, F_WRLCK))
        return C2D_OK;
    if (errno != EAGAIN && errno != EACCES)
        return fail_lock(sink, app);
    return report_failure(app, C2D_LOCKED, NULL, "another program collects into '%s'", path);
}

enum c2d_status sink_hold(const struct sink *sink, const struct app *app)
{
    if (sink->use == SINK_SHARED)
        return C2D_OK;
    if (!set_lock(sink->fd, reader, F_WRLCK))
        return errno == EAGAIN || errno == EACCES ? C2D_LOCKED : fail_lock(sink, app);
    if (sink->use == SINK_COLLECTS || !is_locked(sink->fd, collector))
        return C2D_OK;
    set_lock(sink->fd, reader, F_UNLCK);
    return C2D_LOCKED;
}

bool sink_is_current(const struct sink *sink)
{
    struct stat named, opened;

    return sink->use == SINK_SHARED
           || (stat(sink->name, &named) == 0 && fstat(sink->fd, &opened) == 0
               && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev);
}

enum c2d_status sink_reopen(struct sink *sink, const struct app *app)
{
    struct sink old = *sink;

    sink_close(sink);
    return sink_open(sink, app, old.name, old.heals, old.use);
}

/* ---- Files ---- */

static bool begins_like_record(const char *text, size_t size)
{
    size_t length = sizeof record_start - 1;

    return memcmp(text, record_start, size < length ? size : length) == 0;
}

/* Where the last line begins, when it has no newline; size when all lines are whole; -1: error. */
static off_t torn_line(int fd, off_t size)
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

/* Cuts off a last line that was torn in the middle of a record of ours, and gives any other line
 * its newline, so that the next record stands alone. */
static bool heal(int fd, off_t *size)
{
    off_t start = torn_line(fd, *size);
    char head[sizeof record_start];
    ssize_t count;

    if (start < 0)
        return false;
    if (start == *size)
        return true;
    count = pread(fd, head, sizeof head - 1, start);
    if (count <= 0)
        return false;
    if (begins_like_record(head, (size_t)count)) {
        *size = start;
        return ftruncate(fd, start) == 0;
    }
    *size += 1;
    return write(fd, "\n", 1) == 1;
}

static off_t file_size(int fd)
{
    struct stat file;

    return fstat(fd, &file) == 0 ? file.st_size : -1;
}

off_t sink_end(int fd)
{
    off_t size, end;

    do {
        size = file_size(fd);
        end = size < 0 ? -1 : torn_line(fd, size);
    } while (end < 0 && size != file_size(fd)); /* it was cut at that moment */
    return end;
}

/* Takes back what was written of a record at the end of the file, if that still is the end. */
static void undo(const struct sink *sink, off_t end, size_t written)
{
    int problem = errno;

    if (file_size(sink->fd) == end + (off_t)written && ftruncate(sink->fd, end) == 0)
        (void)lseek(sink->fd, end, SEEK_SET);
    errno = problem;
}

static bool put_file(struct sink *sink, const char *data, size_t size)
{
    off_t end = file_size(sink->fd);
    int flags = fcntl(sink->fd, F_GETFL);
    /* A redirected stdout may stand anywhere; what lies behind it is not ours to cut. */
    bool at_end = flags >= 0 && ((flags & O_APPEND) != 0 || lseek(sink->fd, 0, SEEK_CUR) == end);
    size_t written;

    if (end < 0 || (sink->heals && !heal(sink->fd, &end)))
        return false;
    written = output_write(sink->fd, data, size);
    if (written == size && fsync(sink->fd) == 0)
        return true;
    if (at_end)
        undo(sink, end, written);
    return false;
}

/* ---- Pipes and terminals ---- */

/* Waits up to pause_ms for events on fd; false, with errno, when there is reason to give up: a
 * signal, a reader that has gone, the deadline. */
static bool await(int fd, short events, int pause_ms, int64_t deadline_ms)
{
    struct pollfd fds[2] = { { .fd = fd, .events = events },
                             { .fd = signals_fd(), .events = POLLIN } };
    int ready = poll(fds, 2, pause_ms);

    if (ready < 0 && errno != EINTR)
        return false;
    if (signals_caught() != 0)
        errno = EINTR;
    else if (ready > 0 && (fds[0].revents & (POLLERR | POLLNVAL)) != 0)
        errno = EPIPE;
    else if (monotonic_ms() >= deadline_ms)
        errno = ETIMEDOUT;
    else
        return true;
    return false;
}

static bool is_writable(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };

    return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLOUT) != 0;
}

/* How much of a record goes into one write. An empty pipe with room for all takes all without a
 * pause, so that no kill between two pieces leaves its reader with half of it. */
static size_t piece_size(const struct sink *sink, size_t size)
{
    int room = sink->is_pipe ? fcntl(sink->fd, F_GETPIPE_SZ) : -1;

    if (size <= PIPE_PIECE)
        return size;
    if (room >= 0 && (size_t)room < size)
        room = fcntl(sink->fd, F_SETPIPE_SZ, (int)size);
    return room >= 0 && (size_t)room >= size && unread(sink->fd) == 0 ? size : PIPE_PIECE;
}

static bool write_pieces(const struct sink *sink, const char *data, size_t size,
                         int64_t deadline_ms)
{
    while (size > 0) {
        size_t piece;

        if (!await(sink->fd, POLLOUT, 1000, deadline_ms))
            return false;
        if (!is_writable(sink->fd))
            continue;
        piece = piece_size(sink, size);
        if (output_write(sink->fd, data, piece) != piece)
            return false;
        data += piece;
        size -= piece;
    }
    return true;
}

/* What a pipe holds is gone with its reader: only what has been read has arrived. */
static bool await_reader(const struct sink *sink, int64_t deadline_ms)
{
    int pause_ms = 1;

    while (unread(sink->fd) > 0) {
        if (!await(sink->fd, 0, pause_ms, deadline_ms))
            return false;
        pause_ms = pause_ms < 50 ? pause_ms * 2 : 50;
    }
    return await(sink->fd, 0, 0, INT64_MAX);
}

/* Others hold the lock for one record only, unless they collect into the file. */
static bool await_lock(const struct sink *sink, int64_t deadline_ms)
{
    while (!set_lock(sink->fd, whole, F_WRLCK)) {
        if (errno != EAGAIN && errno != EACCES)
            return false;
        if (!await(-1, 0, 20, deadline_ms))
            return false;
    }
    return true;
}

enum c2d_status sink_put(struct sink *sink, const struct app *app, const void *data, size_t size,
                         int64_t deadline_ms)
{
    bool locks = sink->is_ours && sink->is_file && sink->use == SINK_SHARED;
    bool has_lock = !locks || await_lock(sink, deadline_ms), ok = has_lock;
    int problem;

    if (ok && sink->is_file)
        ok = put_file(sink, data, size);
    else if (ok)
        ok = write_pieces(sink, data, size, deadline_ms)
             && (!sink->is_pipe || await_reader(sink, deadline_ms));
    problem = errno;
    if (locks)
        set_lock(sink->fd, whole, F_UNLCK);
    errno = problem;
    if (!ok && signals_caught() != 0)
        return C2D_CANCELLED;
    if (!ok)
        return has_lock || errno == ETIMEDOUT ? fail_io(sink, app) : fail_lock(sink, app);
    return C2D_OK;
}

void sink_close(struct sink *sink)
{
    if (sink->is_ours && sink->fd >= 0)
        close(sink->fd);
    *sink = (struct sink) { .fd = -1 };
}
