/* Is a text JSON as RFC 8259 draws it? Stricter than cJSON, which takes numbers such as 01 and
 * control bytes in strings, and cuts a string short at \u0000. And it tells bad JSON from lost
 * memory, which cJSON reports alike. */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* The whole of text: one value, valid UTF-8, no \u0000, nested no deeper than LIMIT_JSON_DEPTH. */
bool json_is_valid(const char *text, size_t size);

#endif
