/* The system's two clocks, and randomness for jitter. The monotonic clock measures spans and
 * deadlines. It does not jump when the time is set, and it counts the time that the machine is
 * suspended, because locks expire meanwhile. The wall clock is for tokens and timestamps. */
#include "clock.h"

#include "crypto.h"

#include <time.h>

static struct timespec read_clock(clockid_t id)
{
    struct timespec now = { 0 };

    /* Only Linux has CLOCK_BOOTTIME: a system that emulates Linux may lack it. */
    if (clock_gettime(id, &now) != 0)
        clock_gettime(CLOCK_MONOTONIC, &now);
    return now;
}

static int64_t read_ms(clockid_t id)
{
    struct timespec now = read_clock(id);

    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void *context)
{
    (void)context;
    return read_ms(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void *context)
{
    (void)context;
    return read_ms(CLOCK_BOOTTIME);
}

uint64_t clock_random(void *context)
{
    uint64_t number = 0;

    (void)context;
    /* Without randomness the delays only spread less. */
    (void)crypto_random(&number, sizeof number);
    return number;
}

int64_t clock_earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}
