/* Validates JSON by RFC 8259. cJSON is less strict: it accepts numbers such as 01 and control bytes
 * in strings, and truncates a string at \u0000. Also distinguishes invalid JSON from a lack of
 * memory, which cJSON reports alike. */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* True if all of text is one value, in valid UTF-8, without \u0000, and with LIMIT_JSON_DEPTH
 * levels at most. */
bool json_is_valid(const char *text, size_t size);

#endif
