#include "batch_queue.h"

#include "base/hash.h"

#include <string.h>

void batch_queue_init(struct batch_queue *queue)
{
    *queue = (struct batch_queue) { .free = queue->items };
    queue->ready_end = &queue->ready;
    for (size_t i = 0; i + 1 < BATCH_QUEUE_MAX; i++)
        queue->items[i].next = &queue->items[i + 1];
}

bool batch_queue_has_room(const struct batch_queue *queue)
{
    return queue->free != NULL && queue->bytes < BATCH_QUEUE_BYTES;
}

static void make_ready(struct batch_queue *queue, struct batch_item *item)
{
    item->next = NULL;
    *queue->ready_end = item;
    queue->ready_end = &item->next;
}

/* Returns the link to the last item of the device, or the end of its bucket. */
static struct batch_item **place_of_last(struct batch_queue *queue, const struct batch_item *item)
{
    struct batch_item **place = &queue->last[item->device_hash % BATCH_QUEUE_BUCKETS];

    while (*place != NULL
           && ((*place)->device_hash != item->device_hash
               || strcmp((*place)->device_id, item->device_id) != 0))
        place = &(*place)->bucket_next;
    return place;
}

void batch_queue_add(struct batch_queue *queue, struct batch_item *item)
{
    struct batch_item **last, *before;
    struct batch_item *place = queue->free;

    item->device_hash = hash_text(HASH_START, item->device_id);
    last = place_of_last(queue, item);
    before = *last;
    queue->free = place->next;
    *place = *item;
    place->follower = NULL;
    place->bucket_next = before == NULL ? NULL : before->bucket_next;
    *last = place;
    queue->used++;
    queue->bytes += place->size;
    if (before == NULL)
        make_ready(queue, place);
    else
        before->follower = place;
}

struct batch_item *batch_queue_take(struct batch_queue *queue)
{
    struct batch_item *item = queue->ready;

    if (item == NULL)
        return NULL;
    queue->ready = item->next;
    if (queue->ready == NULL)
        queue->ready_end = &queue->ready;
    return item;
}

void batch_queue_done(struct batch_queue *queue, struct batch_item *item)
{
    struct batch_item **last = place_of_last(queue, item);

    if (item->follower != NULL)
        make_ready(queue, item->follower);
    else
        *last = item->bucket_next; /* the device has no other item */
    c2d_outgoing_free(item->outgoing);
    queue->used--;
    queue->bytes -= item->size;
    *item = (struct batch_item) { .next = queue->free };
    queue->free = item;
}
