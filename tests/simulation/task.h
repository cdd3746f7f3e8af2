/* One operation of the workload: what was asked, what really happened, and what was reported. */
#ifndef TASK_H
#define TASK_H

#include "content.h"
#include "world.h"

struct hub_message;
struct hub_batch;

struct task {
    enum c2d_action action;
    unsigned number; /* unique in a run */
    unsigned device;
    char device_id[40];
    uint64_t lock; /* of a settlement */
    char lock_text[40];
    enum c2d_outcome outcome;
    struct content content;     /* of a send */
    struct c2d_message sent;    /* which borrows from it */
    char message_id[48];        /* as the request had it */
    int64_t ttl_s;              /* of a send; 0: none */
    struct c2d_options options; /* of its client */
    bool is_blocking;
    bool was_alone;            /* no other operation was under way when it began */
    struct task *next_pending; /* of the same device */

    /* What really happened. */
    unsigned attempts; /* requests that the transport got */
    unsigned applied;  /* how often the hub did it; of a receive: how often it locked something */
    unsigned in_doubt; /* attempts whose effect the client cannot know */
    unsigned flights;  /* requests and answers that are still under way */
    bool is_final;     /* an answer that ends the operation reached the client */
    unsigned renewals; /* 401 answers that reached the client */
    bool used_older_form;
    int64_t first_start_ms, suspended_before_ms;
    int64_t purged;              /* by the answer of a purge */
    struct hub_message *message; /* that the last answer of a receive holds */
    struct hub_batch *batch;     /* likewise */
    uint64_t answer_lock;        /* the lock token of the last answer */
    unsigned answer_abandons;
    int64_t lock_ends_ms; /* the hub's end of that lock */

    /* What was reported. */
    bool is_over, is_dropped;
    enum c2d_status status;
    bool is_flagged; /* error.earlier_try_unanswered */
};

/* Checks what holds when an attempt starts, and counts it. */
void task_check_start(struct task *task, struct world *world, const struct http_request *request);
/* Checks what holds as soon as an operation has ended. purged is of a purge. */
void task_check_end(struct task *task, struct world *world, const struct c2d_error *error,
                    int64_t purged);
/* Checks what holds when everything under way has arrived. */
void task_check_effect(const struct task *task, struct world *world);
const char *task_name(const struct task *task);

#endif
