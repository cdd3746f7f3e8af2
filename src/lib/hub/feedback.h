/* Reads delivery feedback as a hub writes it. */
#ifndef FEEDBACK_H
#define FEEDBACK_H

#include "base/buf.h"
#include "c2d.h"

/* Reads the records of a batch; lock_token is copied. Returns C2D_PROTOCOL if body is not a JSON
 * array of objects. The caller frees *feedback with c2d_feedback_free(). */
enum c2d_status feedback_read(const struct buf *body, const char *lock_token,
                              struct c2d_feedback **feedback, struct c2d_error *error);

#endif
