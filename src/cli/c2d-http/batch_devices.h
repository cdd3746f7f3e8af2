/* Devices that take no more messages for now: their queue is full, or the hub does not know them.
 * Their lines are skipped for a minute, and then the next one is tried again. */
#ifndef BATCH_DEVICES_H
#define BATCH_DEVICES_H

#include "c2d.h"

enum { BATCH_DEVICES_MAX = 4096, BATCH_DEVICES_PAUSE_MS = 60000 };

struct batch_refusal {
    uint64_t device_hash;
    int64_t until_ms; /* of a monotonic clock: lines are skipped before */
    long long line;   /* that was refused */
    enum c2d_status status;
};

/* Zeroed: empty. When it is full the oldest are forgotten, and their devices asked again. */
struct batch_devices {
    struct batch_refusal refusals[BATCH_DEVICES_MAX];
    size_t count; /* ever added */
};

/* Notes at now_ms that the device refused a line with status. */
void batch_devices_refuse(struct batch_devices *devices, uint64_t device_hash, long long line,
                          enum c2d_status status, int64_t now_ms);
/* Why a line for the device is skipped at now_ms; NULL: it is not. */
const struct batch_refusal *batch_devices_find(const struct batch_devices *devices,
                                               uint64_t device_hash, int64_t now_ms);

#endif
