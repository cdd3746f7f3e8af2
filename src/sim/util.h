/* util: memory, text, time and secrets. */
#ifndef SIM_UTIL_H
#define SIM_UTIL_H

#include "base/text.h" /* text_equals_nocase(), text_begins_nocase() */
#include <stdint.h>

/* The exit codes that c2d-sim has of its own. */
enum exit_code { EXIT_OK = 0, EXIT_USAGE = 64, EXIT_OS = 71, EXIT_CANTCREAT = 73, EXIT_IOERR = 74 };

/* Prints "c2d-sim: error: NAME: text" and returns code, whose NAME it is. */
int report(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Memory never fails: when there is none left, the hub ends with EXIT_OS and says so, because one
 * that went on without some message or header would fail a test for no reason of the test's.
 * After memory_share(), libevent and cJSON allocate here too, and their failures need no check. */
void memory_share(void);
void *memory_new(size_t size); /* zeroed */
/* The formatted text; free with free(). */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Decodes %XX in place. False if an escape is broken or stands for NUL; text is then half done. */
bool text_percent_decode(char *text);
/* Reads text, all ASCII digits, into number. False if it is none from min to max. */
bool text_number(const char *text, int64_t min, int64_t max, int64_t *number);
/* Is text one or more ASCII letters, digits and characters of extra? */
bool text_consists_of(const char *text, const char *extra);
#define TOKEN_EXTRA "!#$%&'*+-.^_`|~" /* the other characters of an HTTP token */
bool text_is_device_id(const char *text);
/* Is word one of words, which stand between blanks? */
bool text_is_word(const char *word, const char *words);
/* Without the case of ASCII letters, whatever the locale is. */
int char_lower(char c);
/* Reads no byte past a difference. */
bool bytes_equal_nocase(const char *a, const char *b, size_t size);
char *text_find_nocase(const char *text, const char *part); /* NULL: part is not in it */
/* Returns what follows a start of text that has digits where shape has 'd', and elsewhere shape's
 * own characters; NULL if text starts otherwise. */
const char *text_skip_shape(const char *text, const char *shape);

enum { TIME_SIZE = 40, GUID_SIZE = 37, HASH_SIZE = 32 };
/* Write UTC and return text: 2026-01-31T12:00:00.0000000Z; Sat, 31 Jan 2026 12:00:00 GMT. */
const char *time_iso(int64_t time_ms, char text[static TIME_SIZE]);
const char *time_http(int64_t time_ms, char text[static TIME_SIZE]);
/* Reads ISO 8601 with Z or an offset, up to seven digits of fraction; the rest of a ms is cut. */
bool time_parse_iso(const char *text, int64_t *time_ms);

/* No random bytes end the hub, like no memory. */
void random_bytes(void *data, size_t size);
/* Makes a version 4 GUID in lower case; returns guid. */
const char *random_guid(char guid[static GUID_SIZE]);
void hmac_sha256(const void *key, size_t key_size, const char *text,
                 unsigned char hash[static HASH_SIZE]);
/* Characters and NUL of size bytes in base64. */
#define BASE64_SIZE(size) (((size) + 2) / 3 * 4 + 1)
/* text has room for BASE64_SIZE(size). */
void base64_encode(const void *data, size_t size, char *text);
/* Decodes strict base64 (whole groups, padded). NULL if it is none. Free with free(). */
unsigned char *base64_decode(const char *text, size_t *size);

#endif
