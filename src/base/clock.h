/* The library's sources of time and randomness: function pointers, so that tests can replace them
 * and need not wait. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

struct clock {
    int64_t (*wall_ms)(void *context); /* since 1970 UTC */
    int64_t (*monotonic_ms)(void *context);
    uint64_t (*random)(void *context); /* for delays, not for secrets */
    void *context;
};

int64_t clock_wall_ms(void *context);
int64_t clock_monotonic_ms(void *context);
uint64_t clock_random(void *context);

/* Returns the earlier one of two times. */
int64_t clock_earlier(int64_t a, int64_t b);

#endif
