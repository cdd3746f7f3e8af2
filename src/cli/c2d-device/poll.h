/* Drains the queue for ever, at intervals. */
#ifndef POLL_H
#define POLL_H

#include "drain.h"

/* Ends after a signal, at a permanent error, or if the reader of stdout is gone. */
enum c2d_status poll_for_ever(struct drain *drain, int64_t interval_ms, struct c2d_error *error);

#endif
