/* CLOCK_BOOTTIME: a hub's locks lapse while this machine is suspended, and CLOCK_MONOTONIC stands
 * still then. */
#include "monotonic.h"

#include <time.h>

int64_t monotonic_ms(void)
{
    struct timespec now = { 0 };

    /* A system that imitates Linux may lack it; then libc2d takes the other clock, too. */
    if (clock_gettime(CLOCK_BOOTTIME, &now) != 0)
        clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
