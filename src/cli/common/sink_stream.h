/* Records to a pipe, a socket, a terminal or another device. */
#ifndef SINK_STREAM_H
#define SINK_STREAM_H

#include "sink_type.h"

#include <stddef.h>
#include <stdint.h>

/* How much of what was written to fd has not been taken yet, in bytes of the kernel's choice; -1
 * when the kernel cannot say. */
int sink_stream_unread(int fd, enum sink_kind kind);
/* Waits up to pause_ms for events on fd (-1: none). False with errno set when there is reason to
 * give up: a signal, an error of the other end, the deadline. */
bool sink_stream_await(int fd, short events, int pause_ms, int64_t deadline_ms);
/* Writes data whole and waits until it is taken. False with errno set. */
bool sink_stream_put(const struct sink *sink, const char *data, size_t size, int64_t deadline_ms);

#endif
