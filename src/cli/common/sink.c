/* Opens, locks and writes the output for records. The content of a record is not known here. */
#include "sink.h"

#include "base/file.h"
#include "failure.h"
#include "folder_sync.h"
#include "output.h"
#include "signals.h"
#include "sink_file.h"
#include "sink_stream.h"
#include "stop.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *name_of(const struct sink *sink)
{
    return sink->path != NULL ? sink->path : "stdout";
}

static enum c2d_status fail_io(const struct sink *sink, struct c2d_error *error)
{
    return fail(error, STATUS_IO, "%s: %s", name_of(sink), strerror(errno));
}

/* The file system has no locks: NFS without lockd, proot. */
static enum c2d_status fail_lock(const struct sink *sink, struct c2d_error *error)
{
    return fail_with_hint(error, STATUS_IO,
                          sink->use == SINK_SHARED
                              ? "pass --no-lock if no other program writes to that file"
                              : "choose a file on another file system, one that has locks: only "
                                "one program at a time may read the feedback queue",
                          "%s cannot be locked: %s", name_of(sink), strerror(errno));
}

/* After a failed write, or one that a signal interrupted. */
static enum c2d_status fail_put(const struct sink *sink, struct c2d_error *error)
{
    return signals_caught() != 0 ? C2D_CANCELLED : fail_io(sink, error);
}

/* Byte 0 of a feedback log is locked by the reader of the feedback queue. All other bytes are
 * locked by the collector. A waiting send that reads the queue sees the lock of a new collector,
 * and yields to it. */
static const struct file_part reader = { .start = 0, .size = 1 };
static const struct file_part collector = { .start = 1, .size = 0 };

/* True for a file opened with -o: it may be renamed, and others may write to it. */
static bool is_named_file(const struct sink *sink)
{
    return sink->path != NULL && sink->kind == SINK_FILE;
}

static enum c2d_status open_file(struct sink *sink, struct c2d_error *error)
{
    const int flags = O_APPEND | O_CLOEXEC | O_NOCTTY;
    const char *path = sink->path;
    struct stat status;
    bool special = stat(path, &status) == 0 && !S_ISREG(status.st_mode);

    /* Opened for reading as well, to find a torn line. Not a pipe: with a reader in this process it
     * would never report the end of the other one. */
    sink->fd = open(path, flags | (special ? O_WRONLY : O_RDWR));
    if (sink->fd < 0 && errno == ENOENT)
        sink->fd = open(path, flags | O_RDWR | O_CREAT, 0600);
    /* Also for an existing file: an earlier run may have died before its sync. */
    if (sink->fd >= 0 && !special && !folder_sync_parent(sink->app, path, sink->fd)) {
        close(sink->fd);
        sink->fd = -1;
    }
    if (sink->fd < 0 && signals_caught() != 0)
        return C2D_CANCELLED;
    if (sink->fd < 0)
        return fail(error, STATUS_CANT_CREATE, "'%s': %s", path, strerror(errno));
    return C2D_OK;
}

static enum c2d_status open_stdout(struct sink *sink, struct c2d_error *error)
{
    sink->fd = STDOUT_FILENO;
    return output_check(sink->app, error);
}

static enum sink_kind kind_of(mode_t mode)
{
    return S_ISREG(mode)    ? SINK_FILE
           : S_ISFIFO(mode) ? SINK_PIPE
           : S_ISSOCK(mode) ? SINK_SOCKET
                            : SINK_DEVICE;
}

/* Accepts only stream sockets for which the kernel returns the queued size: Unix and TCP. For a
 * datagram, nobody can know whether it was read. */
static enum c2d_status check_socket(int fd, struct c2d_error *error)
{
    int type = 0;
    socklen_t size = sizeof type;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM
        && sink_stream_unread(fd, SINK_SOCKET) >= 0)
        return C2D_OK;
    return fail_with_hint(error, STATUS_IO, "put a pipe in between: ... | cat",
                          "stdout is a socket that does not show whether its reader has taken a "
                          "record: only a stream socket (Unix or TCP) does");
}

enum c2d_status sink_open(struct sink *sink, struct c2d_error *error)
{
    struct stat file;
    enum c2d_status status = sink->path != NULL ? open_file(sink, error) : open_stdout(sink, error);

    if (status != C2D_OK)
        return status;
    if (fstat(sink->fd, &file) != 0)
        return fail_io(sink, error);
    sink->kind = kind_of(file.st_mode);
    if (sink->kind == SINK_SOCKET)
        return check_socket(sink->fd, error);
    if (!is_named_file(sink)) {
        sink->heals = false;
        sink->use = SINK_SHARED;
    }
    /* Checked at start: otherwise locking could fail after the hub has delivered a record. */
    if (is_named_file(sink) && sink->use != SINK_UNLOCKED && !file_can_lock(sink->fd))
        return fail_lock(sink, error);
    if (sink->use != SINK_COLLECTS || file_lock(sink->fd, collector))
        return C2D_OK;
    if (!file_lock_is_taken())
        return fail_lock(sink, error);
    return fail(error, STATUS_LOCKED, "another program collects into '%s'", sink->path);
}

void sink_watch_reader(const struct sink *sink)
{
    if (sink->path == NULL && (sink->kind == SINK_PIPE || sink->kind == SINK_SOCKET))
        stop_watch_reader(sink->fd);
}

enum c2d_status sink_lock_reader(const struct sink *sink, struct c2d_error *error)
{
    if (!is_named_file(sink) || sink->use == SINK_SHARED)
        return C2D_OK;
    if (!file_lock(sink->fd, reader))
        return file_lock_is_taken() ? STATUS_LOCKED : fail_lock(sink, error);
    if (sink->use == SINK_COLLECTS || !file_is_locked(sink->fd, collector))
        return C2D_OK;
    file_unlock(sink->fd, reader);
    return STATUS_LOCKED;
}

bool sink_is_current(const struct sink *sink)
{
    struct stat named, opened;

    return !is_named_file(sink)
           || (stat(sink->path, &named) == 0 && fstat(sink->fd, &opened) == 0
               && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev);
}

enum c2d_status sink_reopen(struct sink *sink, struct c2d_error *error)
{
    sink_close(sink);
    return sink_open(sink, error);
}

/* ---- Records ---- */

/* True if others may write to the file between two records, or rename it. */
static bool is_shared_file(const struct sink *sink)
{
    return is_named_file(sink) && (sink->use == SINK_SHARED || sink->use == SINK_UNLOCKED);
}

/* Reopens the file if its name refers to another one, and locks it for one record. Other programs
 * lock it for one record only, unless they collect into it. */
static enum c2d_status lock_current(struct sink *sink, int64_t deadline_ms, struct c2d_error *error)
{
    while (is_shared_file(sink)) {
        enum c2d_status status = sink_is_current(sink) ? C2D_OK : sink_reopen(sink, error);

        if (status != C2D_OK || !is_shared_file(sink) || sink->use == SINK_UNLOCKED)
            return status;
        if (file_lock(sink->fd, file_whole)) {
            if (sink_is_current(sink))
                break;
        } else if (!file_lock_is_taken()) {
            return fail_lock(sink, error);
        } else if (!sink_stream_await(-1, 0, 20, deadline_ms)) {
            return fail_put(sink, error);
        }
    }
    return C2D_OK;
}

static enum c2d_status put_once(struct sink *sink, const void *data, size_t size,
                                int64_t deadline_ms, struct c2d_error *error)
{
    enum c2d_status status = lock_current(sink, deadline_ms, error);
    bool ok;

    if (status != C2D_OK)
        return status;
    ok = sink->kind == SINK_FILE ? sink_file_put(sink, data, size, deadline_ms)
                                 : sink_stream_put(sink, data, size, deadline_ms);
    if (!ok)
        status = fail_put(sink, error);
    if (is_shared_file(sink) && sink->use == SINK_SHARED)
        file_unlock(sink->fd, file_whole);
    return status;
}

enum c2d_status sink_put(struct sink *sink, const void *data, size_t size, int64_t deadline_ms,
                         struct c2d_error *error)
{
    enum c2d_status status;

    /* The record is settled even if the reader ends after it has taken it. */
    stop_pause_watch();
    status = put_once(sink, data, size, deadline_ms, error);
    /* If the file was moved or removed during the write, its readers may have finished. So the
     * record is written once more, to the new file. No second repeat: on some file systems inode
     * numbers are not stable. */
    if (status == C2D_OK && is_shared_file(sink) && !sink_is_current(sink))
        status = put_once(sink, data, size, deadline_ms, error);
    return status;
}

void sink_close(struct sink *sink)
{
    if (sink->path != NULL && sink->fd >= 0)
        close(sink->fd);
    sink->fd = -1;
}
