/* Descriptors that do not block, because another process that shares them has made them so. */
#ifndef READY_H
#define READY_H

#include <stdbool.h>

/* Call it after EAGAIN: waits until fd is ready for events, as a read(2) or write(2) on a blocking
 * descriptor would. False with errno set when it gave up: EINTR if a signal came meanwhile. */
bool ready_await(int fd, short events);

#endif
