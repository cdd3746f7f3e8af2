/* Writes results to stdout. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "app.h"

/* Reports STATUS_IO if stdout was closed at start. Called before the first request. */
enum c2d_status output_check(const struct app *app);
/* Writes data completely unless a signal is caught. Waits if fd is non-blocking. Returns the bytes
 * written; if less than size, errno is set. */
size_t output_write(int fd, const void *data, size_t size);
/* Writes text and a newline completely, or reports STATUS_IO. A NULL text means out of memory. */
enum c2d_status output_line(const struct app *app, const char *text);

#endif
