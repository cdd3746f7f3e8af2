/* Decides which failure of one line ends the whole batch. */
#ifndef BATCH_END_H
#define BATCH_END_H

#include "../common/app.h"

enum { BATCH_END_FILTERED = 3 };

/* Starts zeroed. */
struct batch_end {
    /* Hashes of the devices whose lines a filter has refused since the hub's last response. */
    uint64_t filtered[BATCH_END_FILTERED];
    size_t filtered_count;
};

/* Records the result of a line for the device. Returns true if all further lines would fail too.
 * The cause is then the credentials, the hub, the network or this machine, not the line. */
bool batch_must_end(struct batch_end *end, uint64_t device_hash, const struct c2d_error *error);

#endif
