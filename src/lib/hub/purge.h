/* What a hub answers to a purge. */
#ifndef PURGE_H
#define PURGE_H

#include "base/buf.h"
#include "c2d.h"

/* How many messages were removed; C2D_PROTOCOL if body does not say. */
enum c2d_status purge_read(const struct buf *body, int64_t *purged, struct c2d_error *error);

#endif
