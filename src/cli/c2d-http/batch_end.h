/* Which failure of one line ends the whole batch. */
#ifndef BATCH_END_H
#define BATCH_END_H

#include "../common/app.h"

enum { BATCH_END_FILTERED = 3 };

/* Zeroed at first. */
struct batch_end {
    /* The devices whose lines a filter refused since the hub's last response, as hashes. */
    uint64_t filtered[BATCH_END_FILTERED];
    size_t filtered_count;
};

/* Notes how a line for the device ended. True if all lines after it are bound to fail in the same
 * way: the fault is that of the credentials, the hub, the way to it or this machine, not of the
 * line or its device. */
bool batch_end_is_due(struct batch_end *end, uint64_t device_hash, const struct c2d_error *error);

#endif
