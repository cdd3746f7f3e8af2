/* Reading what is given on stdin or in a file. */
#ifndef INPUT_H
#define INPUT_H

#include "c2d.h"

/* Reads fd to its end or until size bytes are in data; *count says how many. C2D_CANCELLED when a
 * signal came, C2D_NO_INPUT with errno set when it cannot be read. */
enum c2d_status input_read(int fd, char *data, size_t size, size_t *count);

#endif
