/* --rate: limits how many requests start per second or minute. */
#ifndef BATCH_RATE_H
#define BATCH_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed: no limit. */
struct batch_rate {
    int64_t interval_us; /* between two requests; 0: no limit */
    int64_t next_us;     /* when the next request may start, by clock_monotonic_ms(NULL) */
};

/* Parses "90/m" or "5/s". Returns false for any other text. */
bool batch_rate_parse(struct batch_rate *rate, const char *text);
/* Returns how long the next request must wait, in ms; 0: it may start now. */
int batch_rate_wait_ms(const struct batch_rate *rate);
/* Counts a request that starts now. */
void batch_rate_take(struct batch_rate *rate);

#endif
