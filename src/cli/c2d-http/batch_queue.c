#include "batch_queue.h"

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

static struct batch_item *last_of_device(struct batch_queue *queue, const struct batch_item *item)
{
    for (size_t i = 0; i < BATCH_QUEUE_MAX; i++) {
        struct batch_item *other = &queue->items[i];

        if (other->is_last && other->device_hash == item->device_hash
            && strcmp(other->device_id, item->device_id) == 0)
            return other;
    }
    return NULL;
}

void batch_queue_add(struct batch_queue *queue, const struct batch_item *item)
{
    struct batch_item *before = last_of_device(queue, item);
    struct batch_item *place = queue->free;

    queue->free = place->next;
    *place = *item;
    place->is_last = true;
    place->follower = NULL;
    queue->used++;
    queue->bytes += place->size;
    if (before == NULL) {
        make_ready(queue, place);
    } else {
        before->is_last = false;
        before->follower = place;
    }
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
    struct batch_item *follower = item->follower;

    if (follower != NULL)
        make_ready(queue, follower);
    c2d_outgoing_free(item->outgoing);
    queue->used--;
    queue->bytes -= item->size;
    *item = (struct batch_item) { .next = queue->free };
    queue->free = item;
}
