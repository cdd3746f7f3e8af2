/* What a run is made of: its clients, their operations, and the steps that use them. */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include "run.h"

enum step_kind {
    STEP_SEND,
    STEP_RECEIVE,
    STEP_SETTLE,
    STEP_FEEDBACK,
    STEP_FEEDBACK_SETTLE,
    STEP_PURGE,
    STEP_INFO,
    STEP_DRAIN,
    STEP_COLLECT, /* take results of submitted operations */
    STEP_PASS,    /* time passes */
    STEP_CANCEL,
    STEP_SUSPEND,
    STEP_CLOCK,
    STEP_WEATHER,
    STEP_REGISTRY, /* the device is removed from the registry, or comes back */
    STEP_FREE,     /* a client is freed, with what it has under way */
    STEP_KINDS
};

/* A lock that a client has been told of. */
struct held {
    uint64_t lock;
    unsigned device; /* device_count: of a feedback batch */
};

struct workload {
    struct world world;
    struct model_hub hub;
    struct network network;
    struct c2d_options options;
    bool shares;                 /* all clients share their connections with that of the back end */
    struct c2d_client **clients; /* for each device, then for the back end; NULL: not made yet */
    struct task **tasks;
    size_t task_count, task_capacity, pending;
    unsigned drained; /* operations of drains so far */
    struct held held[RUN_STEPS_MAX];
    size_t held_count;
};

void workload_init(struct workload *workload, uint64_t seed);
/* Adds an operation to the run, which frees it. */
struct task *workload_add_task(struct workload *workload, enum c2d_action action, unsigned number,
                               unsigned device);
/* Ends what is under way, checks what must hold at the end, and frees everything. */
void workload_finish(struct workload *workload);
/* Executes one step. number is that of its operation. */
void workload_step(struct workload *workload, enum step_kind kind, unsigned number,
                   struct chance *chance);

/* perform.c */
/* Performs an operation, or submits it; the result is checked as soon as it is there. */
void perform(struct workload *workload, struct task *task, bool submits);
/* Performs an operation and checks its result, which the caller frees. */
void perform_now(struct workload *workload, struct task *task, struct c2d_result *result);
/* Submits an operation. Returns false if that failed: its result is checked. */
bool perform_submit(struct workload *workload, struct task *task);
/* Waits for the result of a submitted operation and checks it; the caller frees it. Returns false
 * if it has none after timeout_ms; the results of others start that anew. */
bool perform_await(struct workload *workload, struct task *task, int timeout_ms,
                   struct c2d_result *result);
/* Takes one result of a submitted operation. Returns false if there is none after timeout_ms. */
bool perform_collect(struct workload *workload, struct c2d_client *client, int timeout_ms);
/* Returns the client of a device, or of the back end (device_count). */
struct c2d_client *perform_client(struct workload *workload, unsigned device);
/* Frees the client of a device; its operations have no result. */
void perform_free(struct workload *workload, unsigned device);

/* draining.c */
/* Drains the queue of a device as c2d-device does, with dispositions by chance. */
void drain_device(struct workload *workload, unsigned device, unsigned number,
                  struct chance *chance);

#endif
