/* Instants as text: what a hub and its front doors write, and what is written to them. */
#ifndef TIMESTAMP_H
#define TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

enum { TIMESTAMP_SIZE = 40 };

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110) to seconds since 1970; false for anything else. */
bool timestamp_parse_http(const char *text, int64_t *seconds);
/* Seconds since 1970 (years 1970-9999, else clamped) as "2026-01-31T12:00:00" + suffix. */
void timestamp_format(int64_t seconds, const char *suffix, char out[TIMESTAMP_SIZE]);

#endif
