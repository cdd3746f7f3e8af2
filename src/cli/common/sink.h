/* Stores results before they are settled: on stdout or in a file. */
#ifndef SINK_H
#define SINK_H

#include "app.h"
#include "sink_type.h"

/* Opens path for appending, and creates it with mode 600; NULL is stdout. heals: records are JSON
 * lines. Reports STATUS_CANT_CREATE, and STATUS_LOCKED if another collector uses the file. Reports
 * STATUS_IO if a lock is needed but not supported, or if stdout is a socket of an unsupported
 * type. */
enum c2d_status sink_open(struct sink *sink, const struct app *app, const char *path, bool heals,
                          enum sink_use use);
/* If stdout is a pipe or socket, the end of its reader stops requests. See stop_result(). */
void sink_watch_reader(const struct sink *sink);
/* Takes the right to read the queue; called before each batch. Returns C2D_OK, or STATUS_LOCKED,
 * not reported, while another program reads it. Other errors are reported. */
enum c2d_status sink_lock_reader(const struct sink *sink, const struct app *app);
/* Returns false if the name refers to another file, because the open one was moved or removed. */
bool sink_is_current(const struct sink *sink);
/* Opens the file that the name refers to now, and takes the same locks. */
enum c2d_status sink_reopen(struct sink *sink, const struct app *app);
/* Writes data completely and as durably as its kind allows. Reopens a shared file that was moved or
 * removed. deadline_ms, by clock_monotonic_ms(NULL), limits every wait. On failure, a partial
 * record is undone if possible. A failure is reported unless it is a signal. */
enum c2d_status sink_put(struct sink *sink, const struct app *app, const void *data, size_t size,
                         int64_t deadline_ms);
void sink_close(struct sink *sink);

#endif
