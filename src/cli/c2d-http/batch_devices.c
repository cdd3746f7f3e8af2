#include "batch_devices.h"

/* Returns the link to the refusal of the device, or the end of its bucket. */
static struct batch_refusal **place_of(struct batch_devices *devices, uint64_t device_hash)
{
    struct batch_refusal **place = &devices->buckets[device_hash % BATCH_DEVICES_MAX];

    while (*place != NULL && (*place)->device_hash != device_hash)
        place = &(*place)->next;
    return place;
}

/* Returns a new entry for the device, which has none. */
static struct batch_refusal *add(struct batch_devices *devices, uint64_t device_hash)
{
    struct batch_refusal *refusal = &devices->refusals[devices->count % BATCH_DEVICES_MAX];
    struct batch_refusal **bucket = &devices->buckets[device_hash % BATCH_DEVICES_MAX];

    if (devices->count++ >= BATCH_DEVICES_MAX)
        *place_of(devices, refusal->device_hash) = refusal->next;
    refusal->next = *bucket;
    *bucket = refusal;
    return refusal;
}

void batch_devices_refuse(struct batch_devices *devices, uint64_t device_hash, long long line,
                          enum c2d_status status, int64_t now_ms)
{
    struct batch_refusal *refusal = *place_of(devices, device_hash);

    if (refusal == NULL)
        refusal = add(devices, device_hash);
    refusal->device_hash = device_hash;
    refusal->until_ms = now_ms + BATCH_DEVICES_PAUSE_MS;
    refusal->line = line;
    refusal->status = status;
}

const struct batch_refusal *batch_devices_find(struct batch_devices *devices, uint64_t device_hash,
                                               int64_t now_ms)
{
    const struct batch_refusal *refusal = *place_of(devices, device_hash);

    return refusal != NULL && now_ms < refusal->until_ms ? refusal : NULL;
}
