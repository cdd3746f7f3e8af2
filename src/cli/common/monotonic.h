/* Time that only goes forward, for spans and deadlines. */
#ifndef MONOTONIC_H
#define MONOTONIC_H

#include <stdint.h>

/* Since some moment in the past, the time in which the machine was suspended included. */
int64_t monotonic_ms(void);

#endif
