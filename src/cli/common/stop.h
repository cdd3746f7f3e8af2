/* What ends the waiting for a hub early: a signal, that the reader of stdout is gone, or a fault of
 * the program's own. */
#ifndef STOP_H
#define STOP_H

#include "app.h"

/* Readable once there is a reason to stop. This is the client's cancel_fd. */
int stop_fd(void);
/* From now on the end of the reader of fd, a pipe or a socket, is a reason to stop. */
void stop_watch_reader(int fd);
/* Ends the watching for a while. A record that the reader has taken is settled even if the reader
 * ends then. */
void stop_pause_watch(void);
void stop_resume_watch(void);
/* Requests under way stop, from now on, as after a signal. */
void stop_request(void);
/* A signal was caught, or the watched reader is gone. */
bool stop_is_due(void);
/* After waiting that may have been stopped: STATUS_IO, reported, if the watched reader is gone;
 * else status. */
enum c2d_status stop_result(const struct app *app, enum c2d_status status);

#endif
