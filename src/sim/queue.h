#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include "feedback.h"

enum { QUEUE_MAX = 50 };

enum settlement { SETTLE_COMPLETE, SETTLE_REJECT, SETTLE_ABANDON };

/* A device's messages in the order of their sequence numbers. A locked message keeps its place,
 * so one that comes back is where it was. */
struct queue {
    struct message *messages;
    unsigned depth;
    uint64_t enqueued; /* all time; also the last sequence number given */
    uint64_t delivered;
    uint64_t abandoned;
    uint64_t ended[OUTCOME_COUNT];
    /* Where the ends of messages are reported, and under whose name; borrowed. */
    struct feedback *feedback;
    struct feedback_source source;
};

/* Takes message over and numbers it. The queue must have room. */
void queue_append(struct queue *queue, struct message *message, int64_t now_ms);
/* Ends lapsed locks and dead-letters what has expired. All functions below do it first. */
void queue_sweep(struct queue *queue, int64_t now_ms);
/* Locks the first free message. NULL if there is none or the system has no random bytes. */
struct message *queue_lock(struct queue *queue, int64_t now_ms);
/* False if token locks no message (any more). */
bool queue_settle(struct queue *queue, const char *token, enum settlement settlement,
                  int64_t now_ms);
/* Ends all messages, locked ones too; returns how many. */
unsigned queue_purge(struct queue *queue, int64_t now_ms);
/* Frees the messages and forgets the counts. */
void queue_clear(struct queue *queue);

#endif
