/* The queue of a device, or of feedback: locks, expiry and settlement of messages. */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include "base/link.h"
#include "util.h"
#include <cjson/cJSON.h>

enum { QUEUE_MAX = 50, HOUR_MS = 60 * 60 * 1000 };

/* How a message leaves its queue, for feedback and counters. */
enum outcome {
    OUTCOME_SUCCESS,
    OUTCOME_EXPIRED,
    OUTCOME_DELIVERY_COUNT_EXCEEDED,
    OUTCOME_REJECTED,
    OUTCOME_PURGED,
    OUTCOME_ABANDONED, /* it stays in the queue */
    OUTCOME_COUNT,
};

struct message {
    struct link link;
    /* What the sender has set: the members of system_properties and "ack" as texts, the object
     * "properties" (order, case and duplicates as sent), "rawHeaders" for json_header_lines().
     * In the feedback queue: an array of records. */
    cJSON *json;
    char *body;
    size_t body_size;
    uint64_t sequence_number;
    int64_t enqueued_ms;
    int64_t expires_ms;
    int64_t locked_until_ms; /* 0: not locked */
    char lock_token[GUID_SIZE];
    unsigned delivery_count;
};

/* Called at the end of a message, before it is freed. */
typedef void queue_on_end(void *context, const struct message *message, enum outcome outcome,
                          int64_t now_ms);

/* Messages in the order of their sequence numbers. A locked message keeps its place, also after it
 * is unlocked. */
struct queue {
    queue_on_end *on_end; /* NULL: not called */
    void *context;
    struct link messages;
    unsigned depth;
    uint64_t enqueued; /* in total; also the last sequence number */
    uint64_t delivered;
    uint64_t ended[OUTCOME_COUNT];
};

/* Takes ownership of json, and copies body. */
struct message *message_new(cJSON *json, const void *body, size_t size);
void message_free(struct message *message);
void queue_init(struct queue *queue, queue_on_end *on_end, void *context);
/* Takes ownership of message, and numbers it. Does not check QUEUE_MAX. */
void queue_append(struct queue *queue, struct message *message, int64_t now_ms);
/* Returns the message after message, or the first if message is NULL. NULL: the end. */
struct message *queue_next(const struct queue *queue, const struct message *message);
/* Ends the locks and the messages that have expired. queue_lock(), queue_settle() and queue_purge()
 * call it first. */
void queue_sweep(struct queue *queue, int64_t now_ms);
/* Locks the first message that is not locked, and returns it. NULL: none. */
struct message *queue_lock(struct queue *queue, int64_t now_ms);
/* False if no message is locked with this token. */
bool queue_settle(struct queue *queue, const char *token, enum outcome outcome, int64_t now_ms);
/* Ends all messages, also locked ones. Returns their number. */
unsigned queue_purge(struct queue *queue, int64_t now_ms);
/* Frees all messages without calling on_end, and zeroes the counters. */
void queue_clear(struct queue *queue);

#endif
