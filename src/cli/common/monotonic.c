/* For spans and deadlines: this clock does not jump when the time is set, and starts anywhere. */
#include "monotonic.h"

#include <time.h>

int64_t monotonic_ms(void)
{
    struct timespec now = { 0 };

    clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
