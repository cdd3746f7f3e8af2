/* Memory, text, time, random numbers and cryptography. */
#ifndef SIM_UTIL_H
#define SIM_UTIL_H

#include "base/text.h" /* text_equals_nocase(), text_begins_nocase() */
#include <stdint.h>

/* The exit codes of c2d-sim itself. A command may have others. */
enum exit_code { EXIT_OK = 0, EXIT_USAGE = 64, EXIT_OS = 71, EXIT_CANTCREAT = 73, EXIT_IOERR = 74 };

/* Prints "c2d-sim: error: NAME: text" with the name of code, and returns code. */
int report(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* If out of memory, the program exits with EXIT_OS and an error. If it continued without a message
 * or header, a test would fail for the wrong reason. memory_init() makes libevent and cJSON do the
 * same, so that their results need no check for NULL. */
void memory_init(void);
void *memory_new(size_t size); /* zeroed */
/* Returns the formatted text, the caller's to free(). */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Decodes %XX in place. False for an invalid escape or %00; text is then partly decoded. */
bool text_percent_decode(char *text);
/* Reads text, all ASCII digits, as a number. False if it is not a number from min to max. */
bool text_number(const char *text, int64_t min, int64_t max, int64_t *number);
/* True if text is not empty, and has only ASCII letters, digits and characters of extra. */
bool text_consists_of(const char *text, const char *extra);
#define TOKEN_EXTRA "!#$%&'*+-.^_`|~" /* the other characters of an HTTP token */
bool text_is_device_id(const char *text);
/* True if word is one of words, which are separated by spaces. */
bool text_is_word(const char *word, const char *words);
/* Converts ASCII letters only, in any locale. */
int char_lower(char c);
/* Compares without the case of ASCII letters. Reads no byte after the first difference. */
bool bytes_equal_nocase(const char *a, const char *b, size_t size);
char *text_find_nocase(const char *text, const char *part); /* NULL: not found */
/* Returns the rest of text after a start that matches shape, in which 'd' matches any digit. NULL:
 * no match. */
const char *text_skip_shape(const char *text, const char *shape);

enum { TIME_SIZE = 40, GUID_SIZE = 37, HASH_SIZE = 32 };
/* Write a time in UTC and return text: "2026-01-31T12:00:00.0000000Z" and "Sat, 31 Jan 2026
 * 12:00:00 GMT". */
const char *time_iso(int64_t time_ms, char text[static TIME_SIZE]);
const char *time_http(int64_t time_ms, char text[static TIME_SIZE]);
/* Reads ISO 8601 with Z or an offset. Truncates a fraction of up to seven digits to ms. */
bool time_parse_iso(const char *text, int64_t *time_ms);

/* Exits the program with EXIT_OS on failure. */
void random_bytes(void *data, size_t size);
/* Writes a random (version 4) GUID in lower case. Returns guid. */
const char *random_guid(char guid[static GUID_SIZE]);
void hmac_sha256(const void *key, size_t key_size, const char *text,
                 unsigned char hash[static HASH_SIZE]);
/* The size of the base64 text of size bytes, with its NUL. */
#define BASE64_SIZE(size) (((size) + 2) / 3 * 4 + 1)
/* text must have room for BASE64_SIZE(size). */
void base64_encode(const void *data, size_t size, char *text);
/* Decodes padded base64, strictly. NULL if it is invalid. The result is the caller's to free(). */
unsigned char *base64_decode(const char *text, size_t *size);

#endif
