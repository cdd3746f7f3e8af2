/* Checks that a text is a connection string and nothing else. */
#ifndef CONNSTR_TEXT_H
#define CONNSTR_TEXT_H

#include "c2d.h"

#include <stddef.h>

/* Checks the first size bytes of text, without the line end. Returns C2D_CONFIG if they are
 * something else (JSON, a line of a shell script, another service's string) or hold a character
 * that is never allowed. The caller checks spaces, which some parts allow. */
enum c2d_status connstr_text_check(const char *text, size_t size, struct c2d_error *error);

/* Fails with C2D_CONFIG, naming the character at index `at` of text and its position. */
enum c2d_status connstr_text_fail(const char *text, size_t at, struct c2d_error *error);

#endif
