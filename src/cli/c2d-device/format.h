/* A received message as output: JSON for programs, text for people, or its body alone. */
#ifndef FORMAT_H
#define FORMAT_H

#include "c2d.h"

enum format { FORMAT_JSON, FORMAT_TEXT, FORMAT_RAW };

/* The record, the caller's, and its size; NULL when out of memory. number counts from 1. */
char *format_message(enum format format, const struct c2d_message *message, long long number,
                     size_t *size);

#endif
