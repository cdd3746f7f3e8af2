#include "batch_devices.h"

static size_t size_of(const struct batch_devices *devices)
{
    return devices->count < BATCH_DEVICES_MAX ? devices->count : BATCH_DEVICES_MAX;
}

void batch_devices_refuse(struct batch_devices *devices, uint64_t device_hash, long long line,
                          enum c2d_status status, int64_t now_ms)
{
    size_t at = 0;

    while (at < size_of(devices) && devices->refusals[at].device_hash != device_hash)
        at++;
    if (at == size_of(devices))
        at = devices->count++ % BATCH_DEVICES_MAX;
    devices->refusals[at] = (struct batch_refusal) {
        .device_hash = device_hash,
        .until_ms = now_ms + BATCH_DEVICES_PAUSE_MS,
        .line = line,
        .status = status,
    };
}

const struct batch_refusal *batch_devices_find(const struct batch_devices *devices,
                                               uint64_t device_hash, int64_t now_ms)
{
    for (size_t i = 0; i < size_of(devices); i++)
        if (devices->refusals[i].device_hash == device_hash)
            return now_ms < devices->refusals[i].until_ms ? &devices->refusals[i] : NULL;
    return NULL;
}
