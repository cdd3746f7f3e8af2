/* A record is taken when its reader has read it, if the kernel shows that. A pipe must be empty. A
 * Unix socket must have nothing queued and no POLLERR, which shows that the peer died with unread
 * data. Over TCP, only the acknowledgement of the peer's host is known. For a terminal or another
 * device, write(2) is enough. */
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

/* A write to a pipe up to this size never blocks after poll() reported POLLOUT. */
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

/* Returns the size of the next write. If an empty pipe has room for the whole record, one write
 * takes it. So a kill cannot leave the reader with half a record. */
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

/* Writes as much as a ready descriptor accepts. */
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
        /* After POLLHUP the write returns the error. */
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

/* Polls at short intervals: no event reports that a pipe or socket queue is empty. */
static bool await_taken(const struct sink *sink, int64_t deadline_ms)
{
    int pause_ms = 1;

    if (sink->kind == SINK_DEVICE)
        return true;
    while (sink_stream_unread(sink->fd, sink->kind) > 0) {
        /* Waits without the descriptor, which may report POLLHUP permanently. */
        if (!sink_stream_await(sink->fd, 0, 0, deadline_ms)
            || !sink_stream_await(-1, 0, pause_ms, deadline_ms))
            return false;
        pause_ms = pause_ms < 50 ? pause_ms * 2 : 50;
    }
    /* The kernel drops unread data of a socket when its reader dies. In a pipe it stays. */
    if (sink->kind != SINK_SOCKET || !has_event(sink->fd, POLLERR))
        return true;
    errno = EPIPE;
    return false;
}

bool sink_stream_put(const struct sink *sink, const char *data, size_t size, int64_t deadline_ms)
{
    /* Even for an empty record, the reader must exist. */
    return sink_stream_await(sink->fd, 0, 0, deadline_ms)
           && write_all(sink, data, size, deadline_ms) && await_taken(sink, deadline_ms);
}
