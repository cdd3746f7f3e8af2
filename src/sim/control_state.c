/* GET /_sim/state: describes devices, queues, feedback and the log. */
#include "call.h"
#include "control.h"
#include "json.h"

#include <stdlib.h>
#include <string.h>

static cJSON *describe_message(const struct message *message)
{
    cJSON *json = cJSON_Duplicate(message->json, true);
    char *body = memory_new(BASE64_SIZE(message->body_size));
    char time[TIME_SIZE];

    cJSON_DeleteItemFromObjectCaseSensitive(json, "rawHeaders");
    json_put_number(json, "sequenceNumber", message->sequence_number);
    json_put_number(json, "deliveryCount", message->delivery_count);
    json_put(json, "state", message->locked_until_ms != 0 ? "locked" : "enqueued");
    if (message->locked_until_ms != 0)
        json_put(json, "lockToken", message->lock_token);
    json_put(json, "expiry", time_iso(message->expires_ms, time));
    json_put(json, "enqueuedTime", time_iso(message->enqueued_ms, time));
    json_put_number(json, "bodySize", message->body_size);
    base64_encode(message->body, message->body_size, body);
    json_put(json, "bodyBase64", body);
    free(body);
    return json;
}

static cJSON *describe_device(struct device *device, int64_t now_ms)
{
    static const char *const names[OUTCOME_COUNT] = {
        "completed", "expired", "deliveryCountExceeded", "rejected", "purged", "abandoned"
    };
    const struct message *message = NULL;
    cJSON *json = cJSON_CreateObject();
    cJSON *messages;

    queue_sweep(&device->queue, now_ms);
    json_put(json, "generationId", device->generation_id);
    json_put(json, "status", device->is_disabled ? "disabled" : "enabled");
    messages = cJSON_AddArrayToObject(json, "queue");
    while ((message = queue_next(&device->queue, message)) != NULL)
        cJSON_AddItemToArray(messages, describe_message(message));
    json_put_number(json, "enqueued", device->queue.enqueued);
    json_put_number(json, "delivered", device->queue.delivered);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        json_put_number(json, names[i], device->queue.ended[i]);
    return json;
}

bool control_get_state(struct control *control)
{
    struct hub *hub = control->hub;
    int64_t now_ms = hub_now_ms(hub);
    const struct message *batch = NULL;
    char id[129];
    char log[8];
    bool has_id = query_value(control->target, "device", id, sizeof id);
    cJSON *part;
    cJSON *batches;

    if (has_id && hub_find_device(hub, id) == NULL)
        return control_fail(control, "no such device");
    hub_sweep(hub, now_ms);
    cJSON_AddNumberToObject(control->reply, "now", (double)now_ms / 1000);
    json_put_number(control->reply, "requests", hub->requests);
    json_put_number(control->reply, "connections", hub->connections);
    part = cJSON_AddObjectToObject(control->reply, "devices");
    for (size_t i = 0; i < hub->device_count; i++)
        if (!has_id || strcmp(hub->devices[i]->id, id) == 0)
            cJSON_AddItemToObject(part, hub->devices[i]->id,
                                  describe_device(hub->devices[i], now_ms));
    part = cJSON_AddObjectToObject(control->reply, "feedback");
    json_put_number(part, "pending",
                    hub->feedback.open_batch == NULL
                        ? 0
                        : (uint64_t)cJSON_GetArraySize(hub->feedback.open_batch->json));
    batches = cJSON_AddArrayToObject(part, "batches");
    while ((batch = queue_next(&hub->feedback.queue, batch)) != NULL) {
        cJSON *item = cJSON_CreateObject();

        json_put_number(item, "size", (uint64_t)cJSON_GetArraySize(batch->json));
        json_put(item, "state", batch->locked_until_ms != 0 ? "locked" : "enqueued");
        json_put_number(item, "deliveryCount", batch->delivery_count);
        cJSON_AddItemToArray(batches, item);
    }
    json_put_number(part, "completed", hub->feedback.queue.ended[OUTCOME_SUCCESS]);
    if (!query_value(control->target, "log", log, sizeof log) || strcmp(log, "0") != 0)
        cJSON_AddItemReferenceToObject(control->reply, "log", hub->log);
    return true;
}
