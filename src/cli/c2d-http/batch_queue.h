/* The lines of a batch that are queued or in flight, limited in number and bytes. The lines of one
 * device are sent in order, one at a time. Devices do not wait for each other. */
#ifndef BATCH_QUEUE_H
#define BATCH_QUEUE_H

#include "batch_journal.h"

enum { BATCH_QUEUE_MAX = 256, BATCH_QUEUE_BUCKETS = 128, BATCH_QUEUE_BYTES = 2 * 1024 * 1024 };

struct batch_item {
    long long line;
    struct c2d_outgoing *outgoing;
    const char *device_id;  /* of the line, or the default */
    const char *message_id; /* if outgoing is NULL: of the invalid line, or NULL */
    uint64_t device_hash;   /* set by batch_queue_add() */
    struct batch_entry entry;
    size_t size; /* of the line */

    struct batch_item *follower;    /* the next item of its device */
    struct batch_item *next;        /* in the ready list or the free list */
    struct batch_item *bucket_next; /* in the bucket of `last` */
};

struct batch_queue {
    struct batch_item items[BATCH_QUEUE_MAX];
    struct batch_item *free, *ready, **ready_end;
    struct batch_item *last[BATCH_QUEUE_BUCKETS]; /* last item of each device, by device_hash */
    size_t used, bytes;
};

void batch_queue_init(struct batch_queue *queue);
bool batch_queue_has_room(const struct batch_queue *queue);
/* Copies item into the queue and owns its outgoing. The item is ready at once, or after the earlier
 * items of its device. There must be room. */
void batch_queue_add(struct batch_queue *queue, struct batch_item *item);
/* Returns the next item whose device has none in flight, or NULL. */
struct batch_item *batch_queue_take(struct batch_queue *queue);
/* Frees an item that was taken. The next item of its device becomes ready. */
void batch_queue_done(struct batch_queue *queue, struct batch_item *item);

#endif
