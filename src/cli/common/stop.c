/* An epoll descriptor combines the reasons to stop, because the library watches only one. */
#include "stop.h"

#include "base/error.h"
#include "signals.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int joined = -1;
static int reader = -1; /* the descriptor whose reader is watched */

int stop_fd(void)
{
    struct epoll_event readable = { .events = EPOLLIN };

    if (joined < 0) {
        joined = epoll_create1(EPOLL_CLOEXEC);
        if (joined >= 0 && epoll_ctl(joined, EPOLL_CTL_ADD, signals_fd(), &readable) != 0) {
            close(joined);
            joined = -1;
        }
    }
    /* Without epoll only signals stop a request. */
    return joined >= 0 ? joined : signals_fd();
}

void stop_watch_reader(int fd)
{
    reader = fd;
    stop_resume_watch();
}

/* Fails if the reader is watched, or not watched, already. */
static void watch(int operation)
{
    /* EPOLLERR and EPOLLHUP are always reported. Neither occurs if a TCP peer only ends its
     * sending. */
    struct epoll_event event = { 0 };

    if (reader >= 0)
        (void)epoll_ctl(stop_fd(), operation, reader, &event);
}

void stop_pause_watch(void)
{
    watch(EPOLL_CTL_DEL);
}

void stop_resume_watch(void)
{
    watch(EPOLL_CTL_ADD);
}

void stop_request(void)
{
    struct epoll_event readable = { .events = EPOLLIN };
    int fd = eventfd(1, EFD_CLOEXEC); /* stays readable until the process ends */

    if (fd >= 0 && epoll_ctl(stop_fd(), EPOLL_CTL_ADD, fd, &readable) != 0)
        close(fd);
}

static bool reader_is_gone(void)
{
    struct pollfd end = { .fd = reader };

    return reader >= 0 && poll(&end, 1, 0) > 0 && (end.revents & (POLLERR | POLLHUP)) != 0;
}

bool stop_is_due(void)
{
    return signals_caught() != 0 || reader_is_gone();
}

enum c2d_status stop_result(enum c2d_status status, struct c2d_error *error)
{
    /* STATUS_IO: the write failed already. */
    if (status == STATUS_IO || signals_caught() != 0 || !reader_is_gone())
        return status;
    return fail(error, STATUS_IO, "stdout: its reader is gone");
}
