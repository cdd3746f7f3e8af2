#ifndef SIM_FEEDBACK_H
#define SIM_FEEDBACK_H

#include "buf.h"
#include "message.h"

/* The ways in which a message ends, as feedback and counters know them. */
enum outcome {
    OUTCOME_SUCCESS,
    OUTCOME_EXPIRED,
    OUTCOME_DELIVERY_COUNT_EXCEEDED,
    OUTCOME_REJECTED,
    OUTCOME_PURGED,
    OUTCOME_COUNT,
};

/* The hub's one feedback queue. Zeroed storage is an empty one. */
struct feedback {
    struct feedback_record *pending; /* oldest first, not yet in a batch */
    struct feedback_record *last_pending;
    size_t pending_count;
    struct feedback_batch *batches; /* oldest first */
    struct feedback_batch *last_batch;
    uint64_t completed; /* batches */
};

/* Whose messages they were; borrowed texts. */
struct feedback_source {
    const char *device_id;
    const char *generation_id;
};

/* Notes message's end, if its sender asked to hear of it. False when out of memory: the record is
 * lost. */
bool feedback_add(struct feedback *feedback, const struct message *message, enum outcome outcome,
                  const struct feedback_source *source, int64_t now_ms);
/* Makes batches that are due, ends lapsed locks, drops batches past their time. */
void feedback_sweep(struct feedback *feedback, int64_t now_ms);
/* Locks the oldest free batch; appends its JSON to body and its lock token to token. False if
 * there is none. */
bool feedback_lock(struct feedback *feedback, int64_t now_ms, struct buf *body,
                   char token[static GUID_SIZE]);
/* False if no batch is locked by token. */
bool feedback_complete(struct feedback *feedback, const char *token);
bool feedback_abandon(struct feedback *feedback, const char *token);
/* Appends {"pending":…,"batches":[…],"completed":…}. */
void feedback_format(const struct feedback *feedback, struct buf *out);
void feedback_clear(struct feedback *feedback);

#endif
