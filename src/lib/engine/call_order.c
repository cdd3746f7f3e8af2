#include "call_order.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS_MIN = 64 };

static struct call **bucket_of(const struct call_order *order, const struct call *call)
{
    return &order->buckets[call->device_hash & (order->bucket_count - 1)];
}

static void grow(struct call_order *order, struct call **buckets, size_t count)
{
    struct call_order larger = { .buckets = buckets, .bucket_count = count };

    for (size_t i = 0; i < order->bucket_count; i++) {
        while (order->buckets[i] != NULL) {
            struct call *call = order->buckets[i], **place = bucket_of(&larger, call);

            order->buckets[i] = call->bucket_next;
            call->bucket_next = *place;
            *place = call;
        }
    }
    larger.devices = order->devices;
    free(order->buckets);
    *order = larger;
}

bool call_order_reserve(struct call_order *order)
{
    size_t count = order->bucket_count == 0 ? BUCKETS_MIN : 2 * order->bucket_count;
    struct call **buckets;

    if (order->devices < order->bucket_count)
        return true;
    buckets = calloc(count, sizeof(struct call *));
    if (buckets == NULL)
        return order->bucket_count > 0; /* the smaller table works, only slower */
    grow(order, buckets, count);
    return true;
}

bool call_order_add(struct call_order *order, struct call *call)
{
    struct call **place, *before;

    call->device_hash = (uint32_t)hash_text(HASH_START, call->device_id);
    place = bucket_of(order, call);
    while (*place != NULL
           && ((*place)->device_hash != call->device_hash
               || strcmp((*place)->device_id, call->device_id) != 0))
        place = &(*place)->bucket_next;
    before = *place;
    call->bucket_next = before == NULL ? NULL : before->bucket_next;
    call->before = before;
    call->after = NULL;
    *place = call;
    if (before != NULL)
        before->after = call;
    else
        order->devices++;
    return before != NULL;
}

/* Replaces the last send to a device, in the table, by the one before it. */
static void replace_last(struct call_order *order, struct call *call)
{
    struct call **place = bucket_of(order, call);

    while (*place != call)
        place = &(*place)->bucket_next;
    *place = call->bucket_next;
    if (call->before != NULL) {
        call->before->bucket_next = *place;
        *place = call->before;
    } else {
        order->devices--;
    }
}

struct call *call_order_remove(struct call_order *order, struct call *call)
{
    struct call *next = call->before == NULL ? call->after : NULL;

    if (call->after != NULL)
        call->after->before = call->before;
    else
        replace_last(order, call);
    if (call->before != NULL)
        call->before->after = call->after;
    call->before = call->after = NULL;
    return next;
}

void call_order_clear(struct call_order *order)
{
    free(order->buckets);
    *order = (struct call_order) { 0 };
}
