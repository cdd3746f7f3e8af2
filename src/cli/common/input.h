/* Reading what is given on stdin or in a file. */
#ifndef INPUT_H
#define INPUT_H

#include "c2d.h"

#include <stdio.h>

/* Reads fd to its end or until size bytes are in data; *count says how many. C2D_CANCELLED when a
 * signal came, STATUS_NO_INPUT with errno set when it cannot be read. */
enum c2d_status input_read(int fd, char *data, size_t size, size_t *count);
/* A stream of stdin, for getline(): it waits where stdin does not block. A signal is a read error
 * with EINTR. The caller closes it. NULL with errno set on failure. */
FILE *input_lines(void);

#endif
