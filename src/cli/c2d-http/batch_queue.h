/* The lines of a batch that are read and not done: those of one device follow each other, devices
 * do not wait for each other. A bounded number of them, and of their bytes. */
#ifndef BATCH_QUEUE_H
#define BATCH_QUEUE_H

#include "batch_journal.h"

enum { BATCH_QUEUE_MAX = 256, BATCH_QUEUE_BUCKETS = 128, BATCH_QUEUE_BYTES = 2 * 1024 * 1024 };

struct batch_item {
    long long line;
    struct c2d_outgoing *outgoing;
    const char *device_id;  /* also where the line names none */
    const char *message_id; /* of a line that is no message (outgoing NULL), if it has one */
    uint64_t device_hash;   /* set by batch_queue_add() */
    struct batch_entry entry;
    size_t size; /* of the line */

    struct batch_item *follower;    /* the next of its device */
    struct batch_item *next;        /* among those that are ready, or free */
    struct batch_item *bucket_next; /* among the last ones of their devices */
};

struct batch_queue {
    struct batch_item items[BATCH_QUEUE_MAX];
    struct batch_item *free, *ready, **ready_end;
    struct batch_item *last[BATCH_QUEUE_BUCKETS]; /* of each device, by the hash of its id */
    size_t used, bytes;
};

void batch_queue_init(struct batch_queue *queue);
bool batch_queue_has_room(const struct batch_queue *queue);
/* Takes item over, which is then ready, or follows another one of its device. */
void batch_queue_add(struct batch_queue *queue, struct batch_item *item);
/* The next one whose device is free; NULL: none. */
struct batch_item *batch_queue_take(struct batch_queue *queue);
/* Frees an item that was taken; what follows it is ready. */
void batch_queue_done(struct batch_queue *queue, struct batch_item *item);

#endif
