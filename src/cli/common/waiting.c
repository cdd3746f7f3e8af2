#include "waiting.h"

#include "monotonic.h"
#include "signals.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

struct waiting waiting_begin(int64_t wait_ms, int64_t interval_ms)
{
    return (struct waiting) {
        .end_ms = monotonic_ms() + wait_ms,
        .interval_ms = interval_ms,
        .was_last = wait_ms == 0,
    };
}

/* Programs that were started together must not go on asking together. */
static int64_t jittered(int64_t interval_ms)
{
    unsigned seed = (unsigned)monotonic_ms() ^ (unsigned)getpid();
    int64_t tenth = interval_ms / 10;

    return tenth == 0 ? interval_ms : interval_ms - tenth + rand_r(&seed) % (2 * tenth + 1);
}

bool waiting_next(struct waiting *waiting)
{
    struct pollfd wake = { .fd = signals_fd(), .events = POLLIN };
    int64_t wake_ms = monotonic_ms() + jittered(waiting->interval_ms);
    int64_t left_ms;

    if (waiting->was_last || signals_caught() != 0)
        return false;
    if (wake_ms >= waiting->end_ms) {
        wake_ms = waiting->end_ms;
        waiting->was_last = true;
    }
    while ((left_ms = wake_ms - monotonic_ms()) > 0) {
        poll(&wake, 1, left_ms > 60000 ? 60000 : (int)left_ms);
        if (signals_caught() != 0)
            return false;
    }
    return true;
}
