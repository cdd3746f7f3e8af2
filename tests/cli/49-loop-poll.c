/* c2d_fd() in a loop around poll(): see 49-loop-work.h.
 * usage: loop-poll CA-FILE CONNECTIONS */
#include "49-loop-work.h"

#include <poll.h>
#include <time.h>

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
    struct work work;
    struct pollfd library = { .events = POLLIN };
    int64_t tick_ms = now_ms() + TICK_MS, left_ms;
    bool goes_on = work_start(&work, argc, argv);

    library.fd = c2d_fd(work.back_end);
    while (goes_on) {
        left_ms = tick_ms - now_ms();
        if (poll(&library, 1, left_ms > 0 ? (int)left_ms : 0) > 0)
            work_on_readable(&work);
        if (now_ms() >= tick_ms) {
            goes_on = work_on_tick(&work);
            tick_ms = now_ms() + TICK_MS;
        }
    }
    return work_end(&work);
}
