/* Devices that the hub refuses messages for: their queue is full, or the hub does not know them.
 * Their lines are skipped for a minute; then the next line is sent again. */
#ifndef BATCH_DEVICES_H
#define BATCH_DEVICES_H

#include "c2d.h"

enum { BATCH_DEVICES_MAX = 4096, BATCH_DEVICES_PAUSE_MS = 60000 };

struct batch_refusal {
    uint64_t device_hash;
    int64_t until_ms; /* monotonic; lines are skipped until then */
    long long line;   /* number of the refused line */
    enum c2d_status status;
    struct batch_refusal *next; /* in its bucket */
};

/* Zeroed: empty. When the table is full, a new entry replaces the oldest. */
struct batch_devices {
    struct batch_refusal refusals[BATCH_DEVICES_MAX];
    struct batch_refusal *buckets[BATCH_DEVICES_MAX]; /* by device_hash */
    size_t count;                                     /* of all entries ever added */
};

/* Records that a line for the device was refused with status at now_ms. */
void batch_devices_refuse(struct batch_devices *devices, uint64_t device_hash, long long line,
                          enum c2d_status status, int64_t now_ms);
/* Returns why a line for the device must be skipped at now_ms, or NULL if it can be sent. */
const struct batch_refusal *batch_devices_find(struct batch_devices *devices, uint64_t device_hash,
                                               int64_t now_ms);

#endif
