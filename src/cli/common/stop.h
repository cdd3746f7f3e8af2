/* The reasons to stop waiting for the hub: a signal, a reader of stdout that is gone, or an error
 * of the program. */
#ifndef STOP_H
#define STOP_H

#include "app.h"

/* Returns a descriptor that is readable when there is a reason to stop: the cancel_fd of the
 * client. */
int stop_fd(void);
/* Watches the reader of fd, a pipe or a socket. Its end is a reason to stop. */
void stop_watch_reader(int fd);
/* Pauses the watch. A record that the reader has taken is settled even if the reader ends then. */
void stop_pause_watch(void);
void stop_resume_watch(void);
/* Stops the requests in flight and all later ones, as a signal does. */
void stop_request(void);
/* True if a signal was caught or the watched reader is gone. */
bool stop_is_due(void);
/* Returns status, or STATUS_IO instead if the watched reader is gone. */
enum c2d_status stop_result(enum c2d_status status, struct c2d_error *error);

#endif
