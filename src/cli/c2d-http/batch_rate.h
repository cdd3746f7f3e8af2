/* --rate: how many requests may begin in a time. */
#ifndef BATCH_RATE_H
#define BATCH_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed: no limit. */
struct batch_rate {
    int64_t interval_us; /* between two requests; 0: no limit */
    int64_t next_us;     /* of CLOCK_MONOTONIC: when the next one may begin */
};

/* "90/m" or "5/s"; false for anything else. */
bool batch_rate_parse(struct batch_rate *rate, const char *text);
/* How long the next request must wait, in ms; 0: it may begin. */
int batch_rate_wait_ms(const struct batch_rate *rate);
/* A request begins now. */
void batch_rate_take(struct batch_rate *rate);

#endif
