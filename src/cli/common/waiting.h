/* Asking again at intervals until a time has passed. */
#ifndef WAITING_H
#define WAITING_H

#include <stdbool.h>
#include <stdint.h>

struct waiting {
    int64_t end_ms; /* of clock_monotonic_ms(NULL) */
    int64_t interval_ms;
    bool was_last;
};

/* An interval, give or take 10 %, another one for each seed. */
int64_t waiting_spread(int64_t interval_ms, unsigned seed);
/* The same with a seed of its own: programs that were started together must not go on asking
 * together. */
int64_t waiting_jittered(int64_t interval_ms);
/* Sleeps until clock_monotonic_ms(NULL) is wake_ms. False when stop_is_due() before that. */
bool waiting_sleep_until(int64_t wake_ms);
struct waiting waiting_begin(int64_t wait_ms, int64_t interval_ms);
/* Sleeps an interval, give or take 10 %, or until the end, for one last time. False when it is time
 * to stop: the end was reached before, or stop_is_due(). */
bool waiting_next(struct waiting *waiting);

#endif
