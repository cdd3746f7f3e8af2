/* Where results are made safe before they are settled: stdout or a file. */
#ifndef SINK_H
#define SINK_H

#include "app.h"
#include "sink_type.h"

/* Opens path for appending, made with mode 600 where it is new; NULL is stdout. heals: what is
 * written are JSON lines. Reports STATUS_CANT_CREATE, STATUS_LOCKED where another one collects into
 * what this one is to collect into, and STATUS_IO where a lock is needed and the file system has
 * none, and for a stdout that tells nothing of its reader. */
enum c2d_status sink_open(struct sink *sink, const struct app *app, const char *path, bool heals,
                          enum sink_use use);
/* Where stdout is a pipe or a socket, the end of its reader stops the waiting for the hub. See
 * stop_result(). */
void sink_watch_reader(const struct sink *sink);
/* Before each batch of a queue whose records go there: C2D_OK when it is this sink's to read.
 * STATUS_LOCKED, not reported, while another one does. */
enum c2d_status sink_lock_reader(const struct sink *sink, const struct app *app);
/* False if the name does not lead to the open file any more: it was moved away or removed. */
bool sink_is_current(const struct sink *sink);
/* Opens what the name leads to now; what was locked is locked there. */
enum c2d_status sink_reopen(struct sink *sink, const struct app *app);
/* Writes data whole and makes it as safe as its kind allows. A file that is shared and was moved
 * away or removed is opened anew. deadline_ms, of clock_monotonic_ms(), bounds every wait. On
 * failure, which is reported unless it is a signal, what was written of it is undone where that is
 * possible. */
enum c2d_status sink_put(struct sink *sink, const struct app *app, const void *data, size_t size,
                         int64_t deadline_ms);
void sink_close(struct sink *sink);

#endif
