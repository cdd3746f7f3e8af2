/* Reads single texts from a line of a batch that is not a valid message. */
#ifndef BATCH_LINE_H
#define BATCH_LINE_H

#include <stddef.h>

/* Returns the text of the member key, if it precedes the first syntax error of the line. The caller
 * frees it. NULL: not found, or out of memory. */
char *batch_line_text(const char *line, size_t size, const char *key);

#endif
