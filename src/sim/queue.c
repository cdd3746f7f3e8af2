/* queue: messages, their locks, their expiry and their ends. Time only passes here when someone
 * looks. The hub's feedback is such a queue too, and its messages are batches of records. */
#include "queue.h"
#include "hub.h"
#include "json.h"

#include <stdlib.h>
#include <string.h>

/* Documented defaults of a hub. Of a batch's two limits the one that comes first closes it. */
enum { LOCK_MS = 60 * 1000, DELIVERIES_MAX = 10, BATCH_RECORDS = 64, BATCH_WAIT_MS = 15 * 1000 };

struct message *message_new(cJSON *given, const void *body, size_t size)
{
    struct message *message = memory_new(sizeof *message);

    message->given = given;
    message->body = memory_new(size);
    message->body_size = size;
    if (size > 0)
        memcpy(message->body, body, size);
    return message;
}

void message_free(struct message *message)
{
    if (message == NULL)
        return;
    cJSON_Delete(message->given);
    free(message->body);
    free(message);
}

void queue_init(struct queue *queue, struct hub *hub, const struct device *device)
{
    *queue = (struct queue) { .hub = hub, .device = device };
    TAILQ_INIT(&queue->messages);
}

void queue_append(struct queue *queue, struct message *message, int64_t now_ms)
{
    TAILQ_INSERT_TAIL(&queue->messages, message, link);
    message->sequence_number = ++queue->enqueued;
    message->enqueued_ms = now_ms;
    queue->depth++;
}

static void close_batch(struct hub *hub, int64_t now_ms)
{
    hub->open_batch->expires_ms = now_ms + HOUR_MS;
    queue_append(&hub->feedback, hub->open_batch, now_ms);
    hub->open_batch = NULL;
}

/* Notes a message's end in the feedback, if its sender asked to hear of it. */
static void note_end(const struct queue *queue, const struct message *message, enum outcome outcome,
                     int64_t now_ms)
{
    /* Codes are documented. Of the descriptions, those of Success and Rejected were seen live. */
    static const struct {
        const char *code;
        const char *description;
    } ends[] = {
        [OUTCOME_SUCCESS] = { "Success", "Success" },
        [OUTCOME_EXPIRED] = { "Expired", "Message expired" },
        [OUTCOME_DELIVERY_COUNT_EXCEEDED] = { "DeliveryCountExceeded",
                                              "Message delivery count exceeded" },
        [OUTCOME_REJECTED] = { "Rejected", "Message rejected" },
        [OUTCOME_PURGED] = { "Purged", "Message purged" },
    };
    /* The feedback's own queue has no device: nobody hears of its ends. */
    const char *ack = queue->device != NULL ? json_text(message->given, "ack") : "none";
    const char *id = json_text(message->given, "messageId");
    struct hub *hub = queue->hub;
    char time[TIME_SIZE];
    cJSON *record;

    if (strcmp(ack, "full") != 0
        && strcmp(ack, outcome == OUTCOME_SUCCESS ? "positive" : "negative") != 0)
        return;
    if (hub->open_batch == NULL) {
        hub->open_batch = message_new(cJSON_CreateArray(), NULL, 0);
        hub->open_batch->enqueued_ms = now_ms; /* of its first record, until it is closed */
    }
    record = cJSON_CreateObject();
    json_put(record, "originalMessageId", id != NULL ? id : "");
    json_put(record, "enqueuedTimeUtc", time_iso(now_ms, time));
    if (outcome != OUTCOME_SUCCESS || !hub->omits_success_code)
        json_put(record, "statusCode", ends[outcome].code);
    json_put(record, "description", ends[outcome].description);
    json_put(record, "deviceId", queue->device->id);
    json_put(record, "deviceGenerationId", queue->device->generation_id);
    cJSON_AddItemToArray(hub->open_batch->given, record);
    if (cJSON_GetArraySize(hub->open_batch->given) == BATCH_RECORDS)
        close_batch(hub, now_ms);
}

static void end_message(struct queue *queue, struct message *message, enum outcome outcome,
                        int64_t now_ms)
{
    TAILQ_REMOVE(&queue->messages, message, link);
    queue->depth--;
    queue->ended[outcome]++;
    note_end(queue, message, outcome, now_ms);
    message_free(message);
}

void queue_sweep(struct queue *queue, int64_t now_ms)
{
    struct message *next;

    for (struct message *message = TAILQ_FIRST(&queue->messages); message != NULL; message = next) {
        next = TAILQ_NEXT(message, link);
        if (message->locked_until_ms <= now_ms)
            message->locked_until_ms = 0; /* a lapsed lock does not count as a delivery */
        if (message->locked_until_ms == 0 && message->expires_ms <= now_ms)
            end_message(queue, message, OUTCOME_EXPIRED, now_ms);
    }
}

struct message *queue_lock(struct queue *queue, int64_t now_ms)
{
    struct message *message;

    queue_sweep(queue, now_ms);
    message = TAILQ_FIRST(&queue->messages);
    while (message != NULL && message->locked_until_ms != 0)
        message = TAILQ_NEXT(message, link);
    if (message == NULL)
        return NULL;
    random_guid(message->lock_token);
    message->locked_until_ms = now_ms + LOCK_MS;
    queue->delivered++;
    return message;
}

bool queue_settle(struct queue *queue, const char *token, enum outcome outcome, int64_t now_ms)
{
    struct message *message;

    queue_sweep(queue, now_ms);
    message = TAILQ_FIRST(&queue->messages);
    while (message != NULL
           && (message->locked_until_ms == 0 || strcmp(message->lock_token, token) != 0))
        message = TAILQ_NEXT(message, link);
    if (message == NULL)
        return false;
    /* Documented: an abandon counts and a lapsed lock does not. The tenth is the end. */
    if (outcome == OUTCOME_ABANDONED) {
        message->locked_until_ms = 0;
        queue->ended[OUTCOME_ABANDONED]++;
        if (++message->delivery_count < DELIVERIES_MAX)
            return true;
        outcome = OUTCOME_DELIVERY_COUNT_EXCEEDED;
    }
    end_message(queue, message, outcome, now_ms);
    return true;
}

unsigned queue_purge(struct queue *queue, int64_t now_ms)
{
    unsigned count;

    queue_sweep(queue, now_ms);
    count = queue->depth;
    for (struct message *message = TAILQ_FIRST(&queue->messages), *next; message != NULL;
         message = next) {
        next = TAILQ_NEXT(message, link);
        end_message(queue, message, OUTCOME_PURGED, now_ms);
    }
    return count;
}

void queue_clear(struct queue *queue)
{
    while (!TAILQ_EMPTY(&queue->messages)) {
        struct message *message = TAILQ_FIRST(&queue->messages);

        TAILQ_REMOVE(&queue->messages, message, link);
        message_free(message);
    }
    queue_init(queue, queue->hub, queue->device);
}

void feedback_sweep(struct hub *hub, int64_t now_ms)
{
    if (hub->open_batch != NULL && now_ms - hub->open_batch->enqueued_ms >= BATCH_WAIT_MS)
        close_batch(hub, now_ms);
    queue_sweep(&hub->feedback, now_ms);
}
