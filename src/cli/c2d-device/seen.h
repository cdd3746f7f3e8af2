/* The messages that one drain received. It prevents that a message is processed twice. It also
 * detects a repeated delivery before the lock expiry. */
#ifndef SEEN_H
#define SEEN_H

#include "disposition.h"

/* A queue holds 50 messages. Over this limit, the oldest entry that is settled or left is
 * removed. */
enum { SEEN_MAX = 1000, SEEN_BUCKETS = 256 };

struct seen {
    struct disposition disposition;
    bool settled;  /* confirmed by the hub, or probably done by an attempt without a response */
    bool reported; /* its result line was printed */
    unsigned early_deliveries; /* repeated deliveries before the lock expiry */
    int64_t lock_expires_ms;   /* expiry of the newest lock, by clock_monotonic_ms(NULL) */
    char *lock_token;          /* the newest */
    char *message_id;          /* NULL: none */
    char *sequence_number;     /* NULL: none */

    /* Private to seen.c. */
    char *enqueued_time;
    struct seen *bucket_next, *newer;
};

/* Initialise it to zero. */
struct seen_list {
    struct seen *oldest, *newest; /* linked by newer */
    struct seen *buckets[SEEN_BUCKETS];
    size_t count;
};

/* Returns the entry with the sequence number and enqueued time of message. Without a sequence
 * number, the lock token is compared. NULL: no entry. */
struct seen *seen_find(const struct seen_list *list, const struct c2d_message *message);
/* Adds a message that has no entry. Returns NULL with errno set: ENOMEM, or ENOSPC if SEEN_MAX
 * messages still have to be settled. */
struct seen *seen_add(struct seen_list *list, const struct c2d_message *message);
/* Stores the lock of a repeated delivery. Returns false with errno ENOMEM and keeps the old
 * lock. */
bool seen_renew_lock(struct seen *seen, const struct c2d_message *message);
void seen_clear(struct seen_list *list);

#endif
