/* Spans of time for people. */
#ifndef SPAN_H
#define SPAN_H

#include <stdint.h>

/* "29 d", "3 h", "90 min" or "12 s", whichever side of 0 it lies on. */
void span_format(int64_t seconds, char out[static 32]);

#endif
