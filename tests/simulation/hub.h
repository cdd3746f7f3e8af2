/* A model of an IoT Hub, by its documents: queues, locks, delivery counts, expiry, feedback, purge
 * and tokens. It shares no code with the library or with c2d-sim. */
#ifndef MODEL_HUB_H
#define MODEL_HUB_H

#include "task.h"

enum {
    HUB_QUEUE_MAX = 50,
    HUB_LOCK_MS = 60000,
    HUB_ABANDONS_MAX = 10,
    HUB_TTL_MS = 3600 * 1000,
    HUB_BATCH_RECORDS = 64,
    HUB_BATCH_MS = 15000,
    HUB_SKEW_S = 300, /* how far a token may be over */
};

enum hub_state { HUB_QUEUED, HUB_COMPLETED, HUB_REJECTED, HUB_EXPIRED, HUB_PURGED, HUB_GIVEN_UP };

/* A message, from its send until the end of the run. */
struct hub_message {
    const struct task *send;
    char message_id[48];
    uint64_t sequence, lock; /* lock 0: never locked */
    int64_t enqueued_ms, expires_ms, locked_until_ms;
    unsigned abandons, deliveries;
    enum hub_state state;
    unsigned processed_in;         /* the last drain that processed it; 0: none */
    int wanted;                    /* the outcome that it asked for; -1: none */
    struct hub_message *next;      /* in its queue */
    struct hub_message *next_kept; /* of all messages of the run */
};

struct hub_device {
    struct hub_message *first;
    bool is_unknown;
};

struct hub_record {
    const struct hub_message *message;
    enum hub_state state;
};

struct hub_batch {
    struct hub_record records[HUB_BATCH_RECORDS];
    size_t count;
    int64_t opened_ms, locked_until_ms;
    uint64_t lock;
    bool is_removed;
    struct hub_batch *next;
};

struct model_hub {
    struct hub_device *devices;
    size_t device_count;
    struct hub_message *kept;
    struct hub_batch *batches; /* the oldest first; removed ones stay until the end */
    uint64_t next_lock, next_sequence;
    bool is_throttling;
};

/* What the client asked for, as the hub reads it from the request. */
struct model_request {
    struct task *task;
    enum c2d_action action;
    unsigned device;
    uint64_t lock;
    enum c2d_outcome outcome;
    int64_t expires_ms; /* of a send, ms since 1970; 0: none */
    int64_t token_ends_s;
    bool is_token_right, is_older_form;
};

/* What the hub answers. A refusal has a code, unless it is 0. */
struct model_reply {
    int status;
    int code;
    const char *code_name;
    struct hub_message *message; /* of a receive */
    struct hub_batch *batch;     /* of a feedback read */
    uint64_t lock;
    unsigned abandons;
    int64_t purged;
};

void model_init(struct model_hub *hub, size_t device_count);
void model_clear(struct model_hub *hub);
/* Does what a request asks for at a moment, counts it in its task, and returns the answer. */
struct model_reply model_handle(struct model_hub *hub, const struct model_request *request,
                                int64_t at_ms);

/* hub_feedback.c */
/* Adds the outcome of a message to the feedback, if its sender wants it. */
void hub_feedback_add(struct model_hub *hub, const struct hub_message *message, int64_t at_ms);
struct model_reply hub_feedback_take(struct model_hub *hub, struct task *task, int64_t at_ms);
struct model_reply hub_feedback_settle(struct model_hub *hub, const struct model_request *request,
                                       int64_t at_ms);

#endif
