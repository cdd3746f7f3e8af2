/* Results on stdout. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "app.h"

/* STATUS_IO, reported, when stdout was closed at start: before anything is asked of a hub. */
enum c2d_status output_check(const struct app *app);
/* Writes data whole, unless a signal came; returns how much, less than size with errno set. Waits
 * where fd does not block. */
size_t output_write(int fd, const void *data, size_t size);
/* Writes text and a newline whole, or reports STATUS_IO; NULL text is memory that was gone. */
enum c2d_status output_line(const struct app *app, const char *text);

#endif
