#ifndef SIM_TEXT_H
#define SIM_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* Room for any text that the time functions write, with its NUL. */
enum { TIME_TEXT_SIZE = 40 };

/* Decodes %XX in place. False if an escape is broken or stands for NUL; text is then half done. */
bool text_percent_decode(char *text);
/* Reads ASCII digits, all of text, into number if min <= number <= max. */
bool text_number(const char *text, int64_t min, int64_t max, int64_t *number);
/* Is text one or more ASCII letters, digits and characters of extra? */
bool text_consists_of(const char *text, const char *extra);
/* Is text a device id that a hub can have? */
bool text_is_device_id(const char *text);

/* 2026-01-31T12:00:00.0000000Z */
void time_format_iso(int64_t time_ms, char text[static TIME_TEXT_SIZE]);
/* Sat, 31 Jan 2026 12:00:00 GMT */
void time_format_http(int64_t time_ms, char text[static TIME_TEXT_SIZE]);
/* 01/31/2026 12:00:00, as a hub's error texts have it. */
void time_format_us(int64_t time_ms, char text[static TIME_TEXT_SIZE]);
/* Reads ISO 8601 with Z or an offset, up to seven digits of fraction; the rest of a ms is cut. */
bool time_parse_iso(const char *text, int64_t *time_ms);

#endif
