/* Comparison without the case of ASCII letters, whatever the locale is. */
#ifndef ASCII_H
#define ASCII_H

#include <stdbool.h>

bool ascii_equals_nocase(const char *a, const char *b);
bool ascii_begins_nocase(const char *text, const char *prefix);

#endif
