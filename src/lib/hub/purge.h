/* Reads the response to a purge. */
#ifndef PURGE_H
#define PURGE_H

#include "base/buf.h"
#include "c2d.h"

/* Sets *purged to the number of removed messages. Returns C2D_PROTOCOL if body lacks it. */
enum c2d_status purge_read(const struct buf *body, int64_t *purged, struct c2d_error *error);

#endif
