/* Writes records to a pipe, a socket, a terminal or another device. */
#ifndef SINK_STREAM_H
#define SINK_STREAM_H

#include "sink_type.h"

#include <stddef.h>
#include <stdint.h>

/* Returns the bytes written to fd that the reader has not taken, as counted by the kernel; -1:
 * unknown. */
int sink_stream_unread(int fd, enum sink_kind kind);
/* Waits up to pause_ms for events on fd (-1: none). Returns false with errno set after a signal, an
 * error of the peer, or deadline_ms; otherwise true, also if there was no event. */
bool sink_stream_await(int fd, short events, int pause_ms, int64_t deadline_ms);
/* Writes data completely and waits until it is taken. Returns false with errno set. */
bool sink_stream_put(const struct sink *sink, const char *data, size_t size, int64_t deadline_ms);

#endif
