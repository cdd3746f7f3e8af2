/* Stores results before they are settled: on stdout or in a file. */
#ifndef SINK_H
#define SINK_H

#include "app.h"
#include "sink_type.h"

/* Opens the file at sink->path for appending, and creates it with mode 600. Returns
 * STATUS_CANT_CREATE, and STATUS_LOCKED if another collector uses the file. Returns STATUS_IO if a
 * lock is needed but not supported, or if stdout is a socket of an unsupported type. */
enum c2d_status sink_open(struct sink *sink, struct c2d_error *error);
/* If stdout is a pipe or socket, the end of its reader stops requests. See stop_result(). */
void sink_watch_reader(const struct sink *sink);
/* Takes the right to read the queue; called before each batch. Returns C2D_OK, STATUS_LOCKED
 * without an error text while another program reads it, or STATUS_IO. */
enum c2d_status sink_lock_reader(const struct sink *sink, struct c2d_error *error);
/* Returns false if the name refers to another file, because the open one was moved or removed. */
bool sink_is_current(const struct sink *sink);
/* Opens the file that the name refers to now, and takes the same locks. */
enum c2d_status sink_reopen(struct sink *sink, struct c2d_error *error);
/* Writes data completely and as durably as its kind allows. Reopens a shared file that was moved or
 * removed. deadline_ms, by clock_monotonic_ms(NULL), limits every wait. On failure, a partial
 * record is undone if possible. Returns C2D_CANCELLED without an error text after a signal. */
enum c2d_status sink_put(struct sink *sink, const void *data, size_t size, int64_t deadline_ms,
                         struct c2d_error *error);
void sink_close(struct sink *sink);

#endif
