/* The rhythm of asking for what does not come by itself: over HTTPS a hub has no long poll. Times
 * are the monotonic clock's. */
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

int64_t waiting_spread(int64_t interval_ms, unsigned seed)
{
    int64_t tenth = interval_ms / 10;

    return tenth == 0 ? interval_ms : interval_ms - tenth + rand_r(&seed) % (2 * tenth + 1);
}

int64_t waiting_jittered(int64_t interval_ms)
{
    return waiting_spread(interval_ms, (unsigned)monotonic_ms() ^ (unsigned)getpid());
}

bool waiting_sleep_until(int64_t wake_ms)
{
    struct pollfd wake = { .fd = signals_fd(), .events = POLLIN };
    int64_t left_ms;

    while (signals_caught() == 0 && (left_ms = wake_ms - monotonic_ms()) > 0)
        poll(&wake, 1, left_ms > 60000 ? 60000 : (int)left_ms);
    return signals_caught() == 0;
}

bool waiting_next(struct waiting *waiting)
{
    int64_t wake_ms = monotonic_ms() + waiting_jittered(waiting->interval_ms);

    if (waiting->was_last)
        return false;
    if (wake_ms >= waiting->end_ms) {
        wake_ms = waiting->end_ms;
        waiting->was_last = true;
    }
    return waiting_sleep_until(wake_ms);
}
