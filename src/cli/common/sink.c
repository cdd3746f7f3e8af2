#define _GNU_SOURCE /* open file description locks */
#include "sink.h"

#include "output.h"
#include "report.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What every record of ours begins with. */
static const char record_start[] = "{\"v\":1,";

/* One write to a pipe never blocks when poll() has said so and it is no larger than this. */
enum { PIPE_PIECE = 4096 };

static enum c2d_status fail_io(const struct sink *sink, const struct app *app)
{
    return report_failure(app, C2D_IO, NULL, "%s: %s", sink->name, strerror(errno));
}

/* The new name itself must survive a power cut, not only what the file holds. */
static bool sync_folder(const char *path)
{
    char *copy = strdup(path);
    int fd = copy == NULL ? -1 : open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    free(copy);
    return ok;
}

static bool lock_file(int fd, short type, bool wait)
{
    struct flock lock = { .l_type = type, .l_whence = SEEK_SET };

    return fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock) == 0;
}

static enum c2d_status open_file(struct sink *sink, const struct app *app, const char *path)
{
    const int flags = O_APPEND | O_CLOEXEC | O_NOCTTY;
    struct stat status;
    bool special = stat(path, &status) == 0 && !S_ISREG(status.st_mode);

    /* Reading, too, to find a torn line; but a pipe that is read by us would never end. */
    sink->fd = open(path, flags | (special ? O_WRONLY : O_RDWR));
    if (sink->fd < 0 && errno == ENOENT) {
        sink->fd = open(path, flags | O_RDWR | O_CREAT, 0600);
        if (sink->fd >= 0 && !sync_folder(path)) {
            close(sink->fd);
            sink->fd = -1;
        }
    }
    if (sink->fd < 0)
        return report_failure(app, C2D_CANT_CREATE, NULL, "'%s': %s", path, strerror(errno));
    return C2D_OK;
}

enum c2d_status sink_open(struct sink *sink, const struct app *app, const char *path, bool heals,
                          bool exclusive)
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
    sink->exclusive = exclusive && sink->is_ours && sink->is_file;
    if (sink->exclusive && !lock_file(sink->fd, F_WRLCK, false))
        return report_failure(app, C2D_LOCKED, NULL, "another program collects into '%s'", path);
    return C2D_OK;
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

static bool write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t count = write(fd, data, size);

        if (count < 0 && errno == EINTR && signals_caught() == 0)
            continue;
        if (count <= 0)
            return false;
        data += count;
        size -= (size_t)count;
    }
    return true;
}

/* Where the next byte goes: the end, or for a redirected stdout wherever its owner has put it. */
static off_t next_place(const struct sink *sink)
{
    struct stat file;
    int flags = fcntl(sink->fd, F_GETFL);

    if (flags >= 0 && (flags & O_APPEND) == 0)
        return lseek(sink->fd, 0, SEEK_CUR);
    return fstat(sink->fd, &file) == 0 ? file.st_size : -1;
}

static void undo(const struct sink *sink, off_t place)
{
    int problem = errno;

    if (ftruncate(sink->fd, place) == 0)
        (void)lseek(sink->fd, place, SEEK_SET);
    errno = problem;
}

static bool put_file(struct sink *sink, const char *data, size_t size)
{
    off_t place = next_place(sink);

    if (place < 0 || (sink->heals && !heal(sink->fd, &place)))
        return false;
    if (write_all(sink->fd, data, size) && fsync(sink->fd) == 0)
        return true;
    undo(sink, place);
    return false;
}

/* ---- Pipes and terminals ---- */

/* Waits for events on fd, or for a signal; false when there is reason to give up. */
static bool await(int fd, short events, int timeout_ms)
{
    struct pollfd fds[2] = { { .fd = fd, .events = events },
                             { .fd = signals_fd(), .events = POLLIN } };
    int ready = poll(fds, 2, timeout_ms);

    if (signals_caught() != 0) {
        errno = EINTR;
        return false;
    }
    if (ready > 0 && (fds[0].revents & (POLLERR | POLLNVAL)) != 0) {
        errno = EPIPE;
        return false;
    }
    return ready >= 0 || errno == EINTR;
}

static bool write_pieces(const struct sink *sink, const char *data, size_t size)
{
    while (size > 0) {
        size_t piece = size < PIPE_PIECE ? size : PIPE_PIECE;

        if (!await(sink->fd, POLLOUT, -1) || !write_all(sink->fd, data, piece))
            return false;
        data += piece;
        size -= piece;
    }
    return true;
}

/* A pipe's 64 KiB are gone with its reader: only what has been read has arrived. */
static bool await_reader(const struct sink *sink, int64_t deadline_s)
{
    int waiting = 0;
    int pause_ms = 1;

    while (ioctl(sink->fd, FIONREAD, &waiting) == 0 && waiting > 0) {
        if ((int64_t)time(NULL) >= deadline_s) {
            errno = ETIMEDOUT;
            return false;
        }
        if (!await(sink->fd, 0, pause_ms))
            return false;
        pause_ms = pause_ms < 50 ? pause_ms * 2 : 50;
    }
    return await(sink->fd, 0, 0);
}

enum c2d_status sink_put(struct sink *sink, const struct app *app, const void *data, size_t size,
                         int64_t deadline_s)
{
    bool locks = sink->is_ours && sink->is_file && !sink->exclusive;
    bool ok = !locks || lock_file(sink->fd, F_WRLCK, true);
    int problem;

    if (ok && sink->is_file)
        ok = put_file(sink, data, size);
    else if (ok)
        ok = write_pieces(sink, data, size) && (!sink->is_pipe || await_reader(sink, deadline_s));
    problem = errno;
    if (locks)
        lock_file(sink->fd, F_UNLCK, false);
    errno = problem;
    if (!ok)
        return signals_caught() != 0 ? C2D_CANCELLED : fail_io(sink, app);
    return C2D_OK;
}

void sink_close(struct sink *sink)
{
    if (sink->is_ours && sink->fd >= 0)
        close(sink->fd);
    *sink = (struct sink) { .fd = -1 };
}
