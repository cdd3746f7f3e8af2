/* Delivery feedback as a hub writes it. */
#ifndef FEEDBACK_H
#define FEEDBACK_H

#include "base/buf.h"
#include "c2d.h"

/* A batch's records; lock_token is copied. C2D_PROTOCOL when body is not a JSON array of objects.
 */
enum c2d_status feedback_read(const struct buf *body, const char *lock_token,
                              struct c2d_feedback **feedback, struct c2d_error *error);

#endif
