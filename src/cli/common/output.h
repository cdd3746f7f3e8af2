/* Writes results to stdout. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "app.h"
#include "base/buf.h"

/* Returns STATUS_IO if stdout was closed at start. Called before the first request. */
enum c2d_status output_check(const struct app *app, struct c2d_error *error);
/* Writes data completely unless a signal is caught. Waits if fd is non-blocking. Returns the bytes
 * written; if less than size, errno is set. */
size_t output_write(int fd, const void *data, size_t size);
/* Writes text and a newline with one write(2), so that lines of concurrent writers do not mix. The
 * newline takes the place of the NUL meanwhile. Returns false with errno set. */
bool output_text_line(int fd, char *text);
/* Writes text and a newline to stdout. A NULL text means out of memory. Returns C2D_OS, STATUS_IO,
 * or C2D_CANCELLED without an error text. */
enum c2d_status output_line(const struct app *app, char *text, struct c2d_error *error);
/* The same for the text of a memory stream, which ends with a newline. Closes the stream, and frees
 * the text. NULL for the stream means out of memory. */
enum c2d_status output_stream(const struct app *app, FILE *stream, char **text, const size_t *size,
                              struct c2d_error *error);
/* The same for the JSON object in line, which is ended and wiped. */
enum c2d_status output_object(const struct app *app, struct buf *line, struct c2d_error *error);

#endif
