/* Waits for descriptors that another process has made non-blocking. */
#ifndef READY_H
#define READY_H

#include <stdbool.h>

/* Called after EAGAIN. Waits until fd is ready for events, as a blocking read(2) or write(2) would.
 * Returns false with errno set; EINTR: a signal was caught. */
bool ready_await(int fd, short events);

#endif
