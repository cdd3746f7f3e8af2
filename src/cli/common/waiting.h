/* Waits between polls, until an end time. */
#ifndef WAITING_H
#define WAITING_H

#include <stdbool.h>
#include <stdint.h>

struct waiting {
    int64_t end_ms; /* by clock_monotonic_ms(NULL) */
    int64_t interval_ms;
    bool was_last;
};

/* Returns the interval, give or take 10 %: programs started together do not poll together. */
int64_t waiting_jittered(int64_t interval_ms);
/* Sleeps until clock_monotonic_ms(NULL) is wake_ms. Returns false if stop_is_due() before. */
bool waiting_sleep_until(int64_t wake_ms);
struct waiting waiting_begin(int64_t wait_ms, int64_t interval_ms);
/* Sleeps for an interval, give or take 10 %, or until the end, once. Returns false if the end was
 * reached before, or stop_is_due(). */
bool waiting_next(struct waiting *waiting);

#endif
