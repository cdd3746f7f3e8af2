/* What can still be read in a line of a batch that is no message. */
#ifndef BATCH_LINE_H
#define BATCH_LINE_H

#include <stddef.h>

/* The text under key of the object that the line begins, where it comes before whatever makes the
 * line invalid. The caller's; NULL if there is none, or memory is gone. */
char *batch_line_text(const char *line, size_t size, const char *key);

#endif
