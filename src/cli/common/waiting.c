/* Waits between polls: a hub has no long poll over HTTPS. Times are by clock_monotonic_ms(NULL). */
#include "waiting.h"

#include "base/clock.h"
#include "stop.h"

#include <poll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { POLL_MS = 60000 };

struct waiting waiting_begin(int64_t wait_ms, int64_t interval_ms)
{
    return (struct waiting) {
        .end_ms = clock_monotonic_ms(NULL) + wait_ms,
        .interval_ms = interval_ms,
        .was_last = wait_ms == 0,
    };
}

int64_t waiting_jittered(int64_t interval_ms)
{
    int64_t tenth = interval_ms / 10;

    return interval_ms - tenth + (int64_t)(clock_random(NULL) % (uint64_t)(2 * tenth + 1));
}

/* Returns a timer that is readable at wake_ms, or -1. Unlike the time-out of poll(2), it counts
 * suspended time: after a resume, an overdue poll starts at once. */
static int open_timer(int64_t wake_ms)
{
    struct itimerspec wake = {
        .it_value = { .tv_sec = (time_t)(wake_ms / 1000),
                      .tv_nsec = (long)(wake_ms % 1000 * 1000000) },
    };
    int fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);

    if (fd >= 0 && timerfd_settime(fd, TFD_TIMER_ABSTIME, &wake, NULL) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

bool waiting_sleep_until(int64_t wake_ms)
{
    int timer = open_timer(wake_ms);
    struct pollfd fds[2] = { { .fd = stop_fd(), .events = POLLIN },
                             { .fd = timer, .events = POLLIN } };
    int64_t left_ms;
    bool stops;

    stop_resume_watch();
    /* The limit is for a missing timer: then the clock is read every minute. */
    while (!(stops = stop_is_due()) && (left_ms = wake_ms - clock_monotonic_ms(NULL)) > 0)
        poll(fds, 2, left_ms > POLL_MS ? POLL_MS : (int)left_ms);
    if (timer >= 0)
        close(timer);
    return !stops;
}

bool waiting_next(struct waiting *waiting)
{
    int64_t wake_ms = clock_monotonic_ms(NULL) + waiting_jittered(waiting->interval_ms);

    if (waiting->was_last)
        return false;
    if (wake_ms >= waiting->end_ms) {
        wake_ms = waiting->end_ms;
        waiting->was_last = true;
    }
    return waiting_sleep_until(wake_ms);
}
