/* Times as text: the forms that a hub and its gateways write, and the form that is sent to them. */
#ifndef TIMESTAMP_H
#define TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum { TIMESTAMP_SIZE = 40 };

/* Sets *seconds since 1970 to a time in UTC, from the year 1 on, whatever the range of time_t.
 * Returns false if there is no such day or time of day. */
bool timestamp_from_utc(const struct tm *tm, int64_t *seconds);

/* Reads "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110) as seconds since 1970. Returns false for
 * anything else. */
bool timestamp_parse_http(const char *text, int64_t *seconds);
/* Reads the forms in which hubs have written times, as milliseconds since 1970:
 * "2026-01-31T12:00:00.1234567Z", "12/22/2017 12:14:12 AM" and "10/18/2022 20:50:39". Returns false
 * for anything else. */
bool timestamp_parse(const char *text, int64_t *ms);
/* Reads an RFC 3339 time that a person wrote: "2026-01-31T12:00:00Z", also with ".5" or "+01:00".
 * Returns false without a zone, as it would be ambiguous. */
bool timestamp_parse_rfc3339(const char *text, int64_t *ms);
/* Writes seconds since 1970 (clamped to the years 1970-9999) as "2026-01-31T12:00:00" + suffix,
 * which has 20 bytes at most. */
void timestamp_format(int64_t seconds, const char *suffix, char out[TIMESTAMP_SIZE]);
/* "40 s", "120 min", "3 h" or "29 d", to the nearest, whichever side of 0 span_s lies on. */
void timestamp_format_span(int64_t span_s, char out[32]);

#endif
