/* O_NONBLOCK is shared by all processes with the open file. It is not changed, because the process
 * that set it relies on it. */
#include "ready.h"

#include "signals.h"

#include <errno.h>
#include <poll.h>

bool ready_await(int fd, short events)
{
    /* A signal caught before does not count: results are still written after it. */
    int caught = signals_caught();
    struct pollfd fds[2] = { { .fd = fd, .events = events },
                             { .fd = caught == 0 ? signals_fd() : -1, .events = POLLIN } };

    if (poll(fds, 2, -1) < 0 && errno != EINTR)
        return false;
    if (signals_caught() == caught)
        return true;
    errno = EINTR;
    return false;
}
