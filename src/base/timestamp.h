/* Instants as text: what a hub and its front doors write, and what is written to them. */
#ifndef TIMESTAMP_H
#define TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

enum { TIMESTAMP_SIZE = 40 };

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110) to seconds since 1970; false for anything else. */
bool timestamp_parse_http(const char *text, int64_t *seconds);
/* The forms in which hubs have written times, to milliseconds since 1970; false for anything else:
 * "2026-01-31T12:00:00.1234567Z", "12/22/2017 12:14:12 AM" and "10/18/2022 20:50:39". */
bool timestamp_parse(const char *text, int64_t *ms);
/* A time that people write, in the form of RFC 3339: "2026-01-31T12:00:00Z", ".5" and "+01:00" are
 * fine. Without a zone nobody knows which one is meant: false. */
bool timestamp_parse_rfc3339(const char *text, int64_t *ms);
/* Seconds since 1970 (years 1970-9999, else clamped) as "2026-01-31T12:00:00" + suffix. */
void timestamp_format(int64_t seconds, const char *suffix, char out[TIMESTAMP_SIZE]);
/* "40 s", "120 min", "3 h" or "29 d", to the nearest, whichever side of 0 span_s lies on. */
void timestamp_format_span(int64_t span_s, char out[32]);

#endif
