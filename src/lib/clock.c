/* The system's two clocks, and randomness for jitter. The monotonic one is for spans and deadlines:
 * it does not jump when the time is set, and it counts the time that the machine was suspended,
 * in which locks expire all the same. The other is for tokens and timestamps. */
#include "clock.h"

#include "crypto.h"

#include <time.h>

static struct timespec read_clock(clockid_t id)
{
    struct timespec now = { 0 };

    /* CLOCK_BOOTTIME is Linux's own: a system that imitates Linux may lack it. */
    if (clock_gettime(id, &now) != 0)
        clock_gettime(CLOCK_MONOTONIC, &now);
    return now;
}

int64_t clock_wall_s(void *context)
{
    (void)context;
    return read_clock(CLOCK_REALTIME).tv_sec;
}

int64_t clock_monotonic_ms(void *context)
{
    struct timespec instant = read_clock(CLOCK_BOOTTIME);

    (void)context;
    return (int64_t)instant.tv_sec * 1000 + instant.tv_nsec / 1000000;
}

uint64_t clock_random(void *context)
{
    uint64_t number = 0;

    (void)context;
    /* Without randomness the delay is only less spread. */
    (void)crypto_random(&number, sizeof number);
    return number;
}
