/* A record counts as taken when its reader has read it, where the kernel can tell: from a pipe when
 * it is empty, from a Unix socket when nothing of it is queued and the peer has not died with
 * unread data, which shows as POLLERR. Over TCP the acknowledgement of the peer's host is all that
 * can be known. A terminal or another device has taken what write(2) has. */
#define _GNU_SOURCE /* F_SETPIPE_SZ */
#include "sink_stream.h"

#include "base/clock.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* One write to a pipe never blocks when poll() has said so and it is no larger than this. */
enum { PIPE_PIECE = 4096 };

int sink_stream_unread(int fd, enum sink_kind kind)
{
    int size = 0;

    return ioctl(fd, kind == SINK_SOCKET ? SIOCOUTQ : FIONREAD, &size) == 0 ? size : -1;
}

bool sink_stream_await(int fd, short events, int pause_ms, int64_t deadline_ms)
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
    else if (clock_monotonic_ms(NULL) >= deadline_ms)
        errno = ETIMEDOUT;
    else
        return true;
    return false;
}

static bool has_event(int fd, short events)
{
    struct pollfd poll_fd = { .fd = fd, .events = events };

    return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & events) != 0;
}

/* How much of a record goes into one write. An empty pipe with room for all takes all without a
 * pause, so that no kill between two pieces leaves its reader with half of it. */
static size_t piece_size(const struct sink *sink, size_t size)
{
    int room = sink->kind == SINK_PIPE ? fcntl(sink->fd, F_GETPIPE_SZ) : -1;

    if (size <= PIPE_PIECE)
        return size;
    if (room >= 0 && (size_t)room < size)
        room = fcntl(sink->fd, F_SETPIPE_SZ, (int)size);
    return room >= 0 && (size_t)room >= size && sink_stream_unread(sink->fd, sink->kind) == 0
               ? size
               : PIPE_PIECE;
}

/* Writes what there is room for, of a descriptor that is ready. */
static ssize_t write_some(const struct sink *sink, const char *data, size_t size)
{
    if (sink->kind == SINK_SOCKET)
        return send(sink->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    return write(sink->fd, data, piece_size(sink, size));
}

static bool write_all(const struct sink *sink, const char *data, size_t size, int64_t deadline_ms)
{
    while (size > 0) {
        ssize_t count;

        if (!sink_stream_await(sink->fd, POLLOUT, 1000, deadline_ms))
            return false;
        /* After POLLHUP the write says why it fails. */
        if (!has_event(sink->fd, POLLOUT | POLLHUP))
            continue;
        count = write_some(sink, data, size);
        if (count < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        if (count < 0 && !sink_stream_await(-1, 0, 1, deadline_ms))
            return false;
        data += count > 0 ? count : 0;
        size -= count > 0 ? (size_t)count : 0;
    }
    return true;
}

/* Looks at short intervals: no event says that a pipe or a queue has become empty. */
static bool await_taken(const struct sink *sink, int64_t deadline_ms)
{
    int pause_ms = 1;

    if (sink->kind == SINK_DEVICE)
        return true;
    while (sink_stream_unread(sink->fd, sink->kind) > 0) {
        /* Not on the descriptor itself, which may report POLLHUP all the time. */
        if (!sink_stream_await(sink->fd, 0, 0, deadline_ms)
            || !sink_stream_await(-1, 0, pause_ms, deadline_ms))
            return false;
        pause_ms = pause_ms < 50 ? pause_ms * 2 : 50;
    }
    /* The kernel drops what a dead reader has left unread in a socket; of a pipe it stays. */
    if (sink->kind != SINK_SOCKET || !has_event(sink->fd, POLLERR))
        return true;
    errno = EPIPE;
    return false;
}

bool sink_stream_put(const struct sink *sink, const char *data, size_t size, int64_t deadline_ms)
{
    /* Even if there is nothing to write, somebody must be there. */
    return sink_stream_await(sink->fd, 0, 0, deadline_ms)
           && write_all(sink, data, size, deadline_ms) && await_taken(sink, deadline_ms);
}
