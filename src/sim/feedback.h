/* The hub's feedback: a queue of batches. A batch has records of how messages ended. */
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
/* Adds a record of the end of a device's message, if its ack asks for one. */
void feedback_add(struct feedback *feedback, const char *device_id, const char *generation_id,
                  const struct message *message, enum outcome outcome, int64_t now_ms);
/* Closes the open batch if it is due, and calls queue_sweep(). */
void feedback_sweep(struct feedback *feedback, int64_t now_ms);
/* Frees everything, and leaves feedback as after feedback_init(). */
void feedback_clear(struct feedback *feedback);

#endif
