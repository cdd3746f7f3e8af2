/* Reads stdin or a file. */
#ifndef INPUT_H
#define INPUT_H

#include "c2d.h"

#include <stdio.h>

/* Opens path for reading, or stdin if it is "-". Returns C2D_CANCELLED after a signal while it
 * waited for the writer of a FIFO; STATUS_NO_INPUT with errno set on failure. Then *fd is -1. */
enum c2d_status input_open(const char *path, int *fd);
/* Closes fd unless it is that of stdin, or -1. */
void input_close(int fd);
/* Reads fd until its end or until data has size bytes; *count is their number. Returns
 * C2D_CANCELLED after a signal, and STATUS_NO_INPUT with errno set on a read error. */
enum c2d_status input_read(int fd, char *data, size_t size, size_t *count);
/* Returns a stream of stdin for getline(). It waits if stdin is non-blocking. A signal is a read
 * error with EINTR. The caller closes it. NULL with errno set on failure. */
FILE *input_lines(void);

#endif
