/* Is a text one bare connection string? */
#ifndef CONNSTR_TEXT_H
#define CONNSTR_TEXT_H

#include "c2d.h"

#include <stddef.h>

/* Checks the first size bytes of text, without the line end. C2D_CONFIG if they are something else
 * (JSON, a line of a shell script, another service's string) or hold a character that no connection
 * string has. Spaces within it are left to the caller, who knows the parts. */
enum c2d_status connstr_text_check(const char *text, size_t size, struct c2d_error *error);

/* Fails with C2D_CONFIG for the character at index at of text, named with its position. */
enum c2d_status connstr_text_fail(const char *text, size_t at, struct c2d_error *error);

#endif
