#include "hub.h"

#include <stdlib.h>
#include <string.h>

void model_init(struct model_hub *hub, size_t device_count)
{
    *hub = (struct model_hub) {
        .devices = calloc(device_count, sizeof *hub->devices),
        .device_count = device_count,
    };
    if (hub->devices == NULL)
        abort();
}

void model_clear(struct model_hub *hub)
{
    while (hub->kept != NULL) {
        struct hub_message *next = hub->kept->next_kept;

        free(hub->kept);
        hub->kept = next;
    }
    while (hub->batches != NULL) {
        struct hub_batch *next = hub->batches->next;

        free(hub->batches);
        hub->batches = next;
    }
    free(hub->devices);
}

static struct model_reply refuse(int status, int code, const char *name)
{
    return (struct model_reply) { .status = status, .code = code, .code_name = name };
}

/* ---- Queues ---- */

/* Takes a message out of its queue for good. */
static void end_message(struct model_hub *hub, struct hub_message **place, enum hub_state state,
                        int64_t at_ms)
{
    struct hub_message *message = *place;

    *place = message->next;
    message->state = state;
    hub_feedback_add(hub, message, at_ms);
}

/* Removes what has expired. A locked message expires, too. */
static void expire(struct model_hub *hub, struct hub_device *device, int64_t at_ms)
{
    struct hub_message **place = &device->first;

    while (*place != NULL)
        if ((*place)->expires_ms <= at_ms)
            end_message(hub, place, HUB_EXPIRED, at_ms);
        else
            place = &(*place)->next;
}

static size_t count(const struct hub_device *device)
{
    size_t count = 0;

    for (const struct hub_message *message = device->first; message != NULL;
         message = message->next)
        count++;
    return count;
}

static void enqueue(struct model_hub *hub, const struct model_request *request, int64_t at_ms)
{
    struct hub_message **place = &hub->devices[request->device].first;
    struct hub_message *message = calloc(1, sizeof *message);

    if (message == NULL)
        abort();
    message->send = request->task;
    memcpy(message->message_id, request->task->message_id, sizeof message->message_id);
    message->sequence = ++hub->next_sequence;
    message->enqueued_ms = at_ms;
    message->expires_ms =
        request->expires_ms == 0 ? at_ms + HUB_TTL_MS : request->expires_ms - world_hub_ms(0);
    message->next_kept = hub->kept;
    hub->kept = message;
    while (*place != NULL)
        place = &(*place)->next;
    *place = message;
    request->task->applied++;
}

static struct model_reply send(struct model_hub *hub, const struct model_request *request,
                               int64_t at_ms)
{
    if (request->task->content.body_size > C2D_MESSAGE_SIZE_MAX)
        return refuse(413, 413001, "MessageTooLarge");
    if (count(&hub->devices[request->device]) >= HUB_QUEUE_MAX)
        return refuse(403, 403004, "DeviceMaximumQueueDepthExceeded");
    if (request->expires_ms != 0
        && (request->expires_ms <= world_hub_ms(at_ms)
            || request->expires_ms > world_hub_ms(at_ms) + (int64_t)48 * 3600 * 1000))
        return refuse(403, 403009, "InvalidMessageExpiryTime");
    enqueue(hub, request, at_ms);
    return (struct model_reply) { .status = 204 };
}

static struct model_reply receive(struct model_hub *hub, const struct model_request *request,
                                  int64_t at_ms)
{
    struct hub_message *message = hub->devices[request->device].first;

    while (message != NULL && message->locked_until_ms > at_ms)
        message = message->next;
    if (message == NULL)
        return (struct model_reply) { .status = 204 };
    message->lock = ++hub->next_lock;
    message->locked_until_ms = at_ms + HUB_LOCK_MS;
    message->deliveries++;
    request->task->applied++;
    request->task->lock_ends_ms = message->locked_until_ms;
    return (struct model_reply) {
        .status = 200, .message = message, .lock = message->lock, .abandons = message->abandons
    };
}

static struct model_reply settle(struct model_hub *hub, const struct model_request *request,
                                 int64_t at_ms)
{
    static const enum hub_state states[] = { HUB_COMPLETED, HUB_REJECTED, HUB_GIVEN_UP };
    struct hub_message **place = &hub->devices[request->device].first;

    while (*place != NULL && ((*place)->lock != request->lock || request->lock == 0))
        place = &(*place)->next;
    if (*place == NULL || (*place)->locked_until_ms <= at_ms)
        return refuse(412, 412002, "DeviceMessageLockLost");
    request->task->applied++;
    if (request->outcome == C2D_ABANDON && ++(*place)->abandons < HUB_ABANDONS_MAX)
        (*place)->locked_until_ms = 0;
    else
        end_message(hub, place, states[request->outcome], at_ms);
    return (struct model_reply) { .status = 204 };
}

static struct model_reply purge(struct model_hub *hub, const struct model_request *request,
                                int64_t at_ms)
{
    struct model_reply reply = { .status = 200 };

    while (hub->devices[request->device].first != NULL) {
        end_message(hub, &hub->devices[request->device].first, HUB_PURGED, at_ms);
        reply.purged++;
    }
    request->task->applied++;
    return reply;
}

/* ---- Requests ---- */

static struct model_reply dispatch(struct model_hub *hub, const struct model_request *request,
                                   int64_t at_ms)
{
    switch (request->action) {
    case C2D_ACTION_SEND:
        return send(hub, request, at_ms);
    case C2D_ACTION_RECEIVE:
        return receive(hub, request, at_ms);
    case C2D_ACTION_SETTLE:
        return settle(hub, request, at_ms);
    case C2D_ACTION_PURGE:
        return purge(hub, request, at_ms);
    case C2D_ACTION_FEEDBACK:
        return hub_feedback_take(hub, request->task, at_ms);
    case C2D_ACTION_FEEDBACK_SETTLE:
        return hub_feedback_settle(hub, request, at_ms);
    case C2D_ACTION_DEVICE_INFO:
        break;
    }
    request->task->applied++;
    return (struct model_reply) { .status = 200 };
}

static bool is_about_a_device(enum c2d_action action)
{
    return action != C2D_ACTION_FEEDBACK && action != C2D_ACTION_FEEDBACK_SETTLE;
}

struct model_reply model_handle(struct model_hub *hub, const struct model_request *request,
                                int64_t at_ms)
{
    if (!request->is_token_right || request->token_ends_s + HUB_SKEW_S < world_hub_ms(at_ms) / 1000)
        return refuse(401, 401002, "IotHubUnauthorizedAccess");
    if (hub->is_throttling)
        return refuse(429, 429001, "ThrottlingException");
    if (is_about_a_device(request->action)) {
        if (hub->devices[request->device].is_unknown)
            return refuse(404, 404001, "DeviceNotFound");
        expire(hub, &hub->devices[request->device], at_ms);
    }
    return dispatch(hub, request, at_ms);
}
