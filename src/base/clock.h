/* Time and chance, as the library takes them: through pointers, so that no test has to wait. */
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

#endif
