/* The feedback queue of the model hub: one for all devices. */
#include "hub.h"

#include <stdlib.h>

static bool is_wanted(const struct hub_message *message)
{
    enum c2d_ack ack = message->send->content.ack;

    return ack == C2D_ACK_FULL
           || ack == (message->state == HUB_COMPLETED ? C2D_ACK_POSITIVE : C2D_ACK_NEGATIVE);
}

static bool is_open(const struct hub_batch *batch, int64_t at_ms)
{
    return batch->count < HUB_BATCH_RECORDS && at_ms < batch->opened_ms + HUB_BATCH_MS;
}

void hub_feedback_add(struct model_hub *hub, const struct hub_message *message, int64_t at_ms)
{
    struct hub_batch **place = &hub->batches;

    if (!is_wanted(message))
        return;
    while (*place != NULL && !is_open(*place, at_ms))
        place = &(*place)->next;
    if (*place == NULL) {
        *place = calloc(1, sizeof **place);
        if (*place == NULL)
            abort();
        (*place)->opened_ms = at_ms;
    }
    (*place)->records[(*place)->count++] = (struct hub_record) { message, message->state };
}

struct model_reply hub_feedback_take(struct model_hub *hub, struct task *task, int64_t at_ms)
{
    struct hub_batch *batch = hub->batches;

    while (batch != NULL
           && (batch->is_removed || is_open(batch, at_ms) || batch->locked_until_ms > at_ms))
        batch = batch->next;
    if (batch == NULL)
        return (struct model_reply) { .status = 204 };
    batch->lock = ++hub->next_lock;
    batch->locked_until_ms = at_ms + HUB_LOCK_MS;
    task->applied++;
    task->lock_ends_ms = batch->locked_until_ms;
    return (struct model_reply) { .status = 200, .batch = batch, .lock = batch->lock };
}

struct model_reply hub_feedback_settle(struct model_hub *hub, const struct model_request *request,
                                       int64_t at_ms)
{
    struct hub_batch *batch = hub->batches;

    while (batch != NULL && (batch->is_removed || batch->lock != request->lock || batch->lock == 0))
        batch = batch->next;
    if (batch == NULL || batch->locked_until_ms <= at_ms)
        return (struct model_reply) { 412, 412002, "DeviceMessageLockLost", NULL, NULL, 0, 0, 0 };
    request->task->applied++;
    if (request->outcome == C2D_ABANDON)
        batch->locked_until_ms = 0;
    else
        batch->is_removed = true;
    return (struct model_reply) { .status = 204 };
}
