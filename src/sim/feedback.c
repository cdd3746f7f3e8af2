/* A closed batch is a message of a queue like that of a device. */
#include "feedback.h"
#include "json.h"

#include <string.h>

/* Documented defaults of a hub. A batch is closed when it reaches one of the limits. */
enum { BATCH_RECORDS = 64, BATCH_WAIT_MS = 15 * 1000 };

void feedback_init(struct feedback *feedback)
{
    *feedback = (struct feedback) { 0 };
    queue_init(&feedback->queue, NULL, NULL);
}

static void close_batch(struct feedback *feedback, int64_t now_ms)
{
    feedback->open_batch->expires_ms = now_ms + HOUR_MS;
    queue_append(&feedback->queue, feedback->open_batch, now_ms);
    feedback->open_batch = NULL;
}

void feedback_add(struct feedback *feedback, const char *device_id, const char *generation_id,
                  const struct message *message, enum outcome outcome, int64_t now_ms)
{
    /* The codes are documented. The descriptions of Success and Rejected were seen live. */
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
    const char *ack = json_text(message->json, "ack");
    const char *id = json_text(message->json, "messageId");
    char time[TIME_SIZE];
    cJSON *record;

    if (strcmp(ack, "full") != 0
        && strcmp(ack, outcome == OUTCOME_SUCCESS ? "positive" : "negative") != 0)
        return;
    if (feedback->open_batch == NULL) {
        feedback->open_batch = message_new(cJSON_CreateArray(), NULL, 0);
        feedback->open_batch->enqueued_ms = now_ms; /* of the first record; set again when closed */
    }
    record = cJSON_CreateObject();
    json_put(record, "originalMessageId", id != NULL ? id : "");
    json_put(record, "enqueuedTimeUtc", time_iso(now_ms, time));
    if (outcome != OUTCOME_SUCCESS || !feedback->omits_success_code)
        json_put(record, "statusCode", ends[outcome].code);
    json_put(record, "description",
             feedback->description[0] != '\0' ? feedback->description : ends[outcome].description);
    json_put(record, "deviceId", device_id);
    json_put(record, "deviceGenerationId", generation_id);
    cJSON_AddItemToArray(feedback->open_batch->json, record);
    if (cJSON_GetArraySize(feedback->open_batch->json) == BATCH_RECORDS)
        close_batch(feedback, now_ms);
}

void feedback_sweep(struct feedback *feedback, int64_t now_ms)
{
    if (feedback->open_batch != NULL && now_ms - feedback->open_batch->enqueued_ms >= BATCH_WAIT_MS)
        close_batch(feedback, now_ms);
    queue_sweep(&feedback->queue, now_ms);
}

void feedback_clear(struct feedback *feedback)
{
    queue_clear(&feedback->queue);
    message_free(feedback->open_batch);
    feedback_init(feedback);
}
