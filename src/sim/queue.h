/* queue: messages of one device, or batches of feedback. */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include "base/link.h"
#include "util.h"
#include <cjson/cJSON.h>

enum { QUEUE_MAX = 50, HOUR_MS = 60 * 60 * 1000 };

/* The ways in which a message leaves its queue, as feedback and counters know them. */
enum outcome {
    OUTCOME_SUCCESS,
    OUTCOME_EXPIRED,
    OUTCOME_DELIVERY_COUNT_EXCEEDED,
    OUTCOME_REJECTED,
    OUTCOME_PURGED,
    OUTCOME_ABANDONED, /* which it does not leave */
    OUTCOME_COUNT,
};

struct message {
    struct link link;
    /* What its sender gave: the members of system_properties and "ack" as texts, the object
     * "properties" (order, case and duplicates as sent), "rawHeaders" for json_header_lines().
     * In the feedback queue: an array of records. */
    cJSON *given;
    char *body;
    size_t body_size;
    uint64_t sequence_number;
    int64_t enqueued_ms;
    int64_t expires_ms;
    int64_t locked_until_ms; /* 0: not locked */
    char lock_token[GUID_SIZE];
    unsigned delivery_count;
};

/* Hears of a message's end before the message is freed. */
typedef void queue_on_end(void *context, const struct message *message, enum outcome outcome,
                          int64_t now_ms);

/* Messages in the order of their sequence numbers. A locked message keeps its place, so one that
 * comes back is where it was. */
struct queue {
    queue_on_end *on_end; /* NULL: nobody hears of the ends */
    void *context;
    struct link messages;
    unsigned depth;
    uint64_t enqueued; /* all time; also the last sequence number given */
    uint64_t delivered;
    uint64_t ended[OUTCOME_COUNT];
};

/* Takes given over and copies the body. */
struct message *message_new(cJSON *given, const void *body, size_t size);
void message_free(struct message *message);
void queue_init(struct queue *queue, queue_on_end *on_end, void *context);
/* Takes message over and numbers it. The queue must have room. */
void queue_append(struct queue *queue, struct message *message, int64_t now_ms);
/* The one behind message, or the first if message is NULL. NULL: there is none. */
struct message *queue_next(const struct queue *queue, const struct message *message);
/* Ends lapsed locks, dead-letters what has expired. Locking, settling, purging do it first. */
void queue_sweep(struct queue *queue, int64_t now_ms);
/* Locks the first free message. NULL if there is none. */
struct message *queue_lock(struct queue *queue, int64_t now_ms);
/* False if token locks no message (any more). */
bool queue_settle(struct queue *queue, const char *token, enum outcome outcome, int64_t now_ms);
/* Ends all messages, locked ones too; returns how many. */
unsigned queue_purge(struct queue *queue, int64_t now_ms);
void queue_clear(struct queue *queue);

#endif
