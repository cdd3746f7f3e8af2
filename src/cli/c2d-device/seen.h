/* The messages that one drain has received: none is handled twice, and a peer that delivers one
 * again before its lock can have expired is noticed. */
#ifndef SEEN_H
#define SEEN_H

#include "verdict.h"

/* A hub holds 50 messages for a device. Of more than this the oldest that is done is forgotten. */
enum { SEEN_MAX = 1000, SEEN_BUCKETS = 256 };

struct seen {
    struct dealt dealt;
    bool settled;  /* by an attempt that the hub confirmed, or probably by one it did not */
    bool reported; /* its result line was written */
    unsigned early_returns;  /* deliveries while the lock could not have expired */
    int64_t lock_expires_ms; /* of the newest lock, by clock_monotonic_ms(NULL) */
    char *lock_token;        /* the newest */
    char *message_id;        /* NULL: none */
    char *sequence_number;   /* NULL: none */

    /* Of seen.c alone. */
    char *enqueued_time;
    struct seen *bucket_next, *newer;
};

/* Zeroed at first. */
struct seen_list {
    struct seen *oldest, *newest; /* linked by newer */
    struct seen *buckets[SEEN_BUCKETS];
    size_t count;
};

/* The entry of message: the one with its sequence number and enqueued time, or without a sequence
 * number the one with its lock token; NULL if there is none. */
struct seen *seen_find(const struct seen_list *list, const struct c2d_message *message);
/* Adds a message that is not there yet; NULL with errno set: ENOMEM, or ENOSPC when SEEN_MAX are
 * still to be settled. */
struct seen *seen_add(struct seen_list *list, const struct c2d_message *message);
/* Takes over the lock of a message that was delivered again. False with errno ENOMEM: the old one
 * stays. */
bool seen_renew_lock(struct seen *seen, const struct c2d_message *message);
void seen_clear(struct seen_list *list);

#endif
