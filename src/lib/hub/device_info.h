/* The registry's entry of a device. */
#ifndef DEVICE_INFO_H
#define DEVICE_INFO_H

#include "base/buf.h"
#include "c2d.h"

/* Reads the body of a registry response. The caller frees *info with c2d_device_info_free(). */
enum c2d_status device_info_read(const struct buf *body, struct c2d_device_info **info,
                                 struct c2d_error *error);
/* Appends a registry response with the device's keys masked. Appends nothing and returns false if
 * body cannot be read as a JSON object. */
bool device_info_append_masked(struct buf *out, const struct buf *body);

#endif
