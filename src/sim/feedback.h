/* feedback: batches of records on how messages have ended, in a queue of the hub's own. */
#ifndef SIM_FEEDBACK_H
#define SIM_FEEDBACK_H

#include "queue.h"

struct feedback {
    struct queue queue;
    struct message *open_batch; /* NULL: none */
    /* Of the records that are made from now on. */
    bool omits_success_code;
    char description[64]; /* "": the usual ones */
};

void feedback_init(struct feedback *feedback);
/* Notes the end of a device's message, if its sender asked to hear of it. */
void feedback_note(struct feedback *feedback, const char *device_id, const char *generation_id,
                   const struct message *message, enum outcome outcome, int64_t now_ms);
/* Closes the open batch if it is due, and sweeps the queue. */
void feedback_sweep(struct feedback *feedback, int64_t now_ms);
/* Frees all and leaves it as feedback_init() does. */
void feedback_clear(struct feedback *feedback);

#endif
