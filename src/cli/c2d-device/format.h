/* Formats a received message: as JSON, as text for people, or its body alone. */
#ifndef FORMAT_H
#define FORMAT_H

#include "c2d.h"

enum format { FORMAT_JSON, FORMAT_TEXT, FORMAT_RAW };

/* Returns the record and its size; the caller frees it. NULL: out of memory. number counts from
 * 1. */
char *format_message(enum format format, const struct c2d_message *message, long long number,
                     size_t *size);

#endif
