/* feedback: what became of the messages whose senders asked, in batches with locks of their own. */
#include "feedback.h"

#include "json.h"
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_RECORDS = 64, BATCH_WAIT_MS = 15 * 1000, BATCH_TTL_MS = 60 * 60 * 1000 };

struct feedback_record {
    struct feedback_record *next;
    enum outcome outcome;
    int64_t time_ms; /* of the outcome */
    char *message_id;
    char *device_id;
    char *generation_id;
};

struct feedback_batch {
    struct feedback_batch *next;
    struct feedback_record *records;
    size_t size;
    int64_t created_ms;
    unsigned delivery_count;
    int64_t locked_until_ms; /* 0: not locked */
    char lock_token[GUID_SIZE];
};

static const char *const outcome_names[OUTCOME_COUNT] = {
    "Success", "Expired", "DeliveryCountExceeded", "Rejected", "Purged",
};

static void free_records(struct feedback_record *record)
{
    while (record != NULL) {
        struct feedback_record *next = record->next;

        free(record->message_id);
        free(record->device_id);
        free(record->generation_id);
        free(record);
        record = next;
    }
}

static void free_batch(struct feedback_batch *batch)
{
    free_records(batch->records);
    free(batch);
}

static bool is_wanted(enum message_ack ack, enum outcome outcome)
{
    return ack == ACK_FULL || ack == (outcome == OUTCOME_SUCCESS ? ACK_POSITIVE : ACK_NEGATIVE);
}

bool feedback_add(struct feedback *feedback, const struct message *message, enum outcome outcome,
                  const struct feedback_source *source, int64_t now_ms)
{
    const char *message_id = message->fields[FIELD_MESSAGE_ID];
    struct feedback_record *record;

    if (!is_wanted(message->ack, outcome))
        return true;
    record = calloc(1, sizeof *record);
    if (record == NULL)
        return false;
    record->outcome = outcome;
    record->time_ms = now_ms;
    record->message_id = strdup(message_id != NULL ? message_id : "");
    record->device_id = strdup(source->device_id);
    record->generation_id = strdup(source->generation_id);
    if (record->message_id == NULL || record->device_id == NULL || record->generation_id == NULL) {
        free_records(record);
        return false;
    }
    if (feedback->pending == NULL)
        feedback->pending = record;
    else
        feedback->last_pending->next = record;
    feedback->last_pending = record;
    feedback->pending_count++;
    return true;
}

/* Moves up to 64 pending records into a batch. False when out of memory: they stay pending. */
static bool make_batch(struct feedback *feedback, int64_t now_ms)
{
    struct feedback_batch *batch = calloc(1, sizeof *batch);
    struct feedback_record *last = feedback->pending;

    if (batch == NULL)
        return false;
    batch->created_ms = now_ms;
    batch->records = feedback->pending;
    for (batch->size = 1; batch->size < BATCH_RECORDS && last->next != NULL; batch->size++)
        last = last->next;
    feedback->pending = last->next;
    feedback->pending_count -= batch->size;
    last->next = NULL;
    if (feedback->batches == NULL)
        feedback->batches = batch;
    else
        feedback->last_batch->next = batch;
    feedback->last_batch = batch;
    return true;
}

/* Takes the batch at link out of the queue and frees it. */
static void drop_batch(struct feedback *feedback, struct feedback_batch **link)
{
    struct feedback_batch *batch = *link;

    *link = batch->next;
    free_batch(batch);
    feedback->last_batch = feedback->batches;
    while (feedback->last_batch != NULL && feedback->last_batch->next != NULL)
        feedback->last_batch = feedback->last_batch->next;
}

void feedback_sweep(struct feedback *feedback, int64_t now_ms)
{
    struct feedback_batch **link = &feedback->batches;

    while (feedback->pending_count >= BATCH_RECORDS
           || (feedback->pending_count > 0 && now_ms - feedback->pending->time_ms >= BATCH_WAIT_MS))
        if (!make_batch(feedback, now_ms))
            break;
    while (*link != NULL) {
        struct feedback_batch *batch = *link;

        if (batch->locked_until_ms <= now_ms)
            batch->locked_until_ms = 0;
        if (batch->locked_until_ms == 0 && now_ms - batch->created_ms >= BATCH_TTL_MS)
            drop_batch(feedback, link);
        else
            link = &batch->next;
    }
}

static void format_record(const struct feedback_record *record, struct buf *out)
{
    char time[TIME_TEXT_SIZE];

    time_format_iso(record->time_ms, time);
    buf_text(out, "{\"originalMessageId\":");
    json_string(out, record->message_id);
    json_member(out, "enqueuedTimeUtc", time);
    json_member(out, "statusCode", outcome_names[record->outcome]);
    json_member(out, "description", outcome_names[record->outcome]);
    json_member(out, "deviceId", record->device_id);
    json_member(out, "deviceGenerationId", record->generation_id);
    buf_text(out, "}");
}

bool feedback_lock(struct feedback *feedback, int64_t now_ms, struct buf *body,
                   char token[static GUID_SIZE])
{
    struct feedback_batch *batch = feedback->batches;

    while (batch != NULL && batch->locked_until_ms != 0)
        batch = batch->next;
    if (batch == NULL || !crypto_guid(batch->lock_token))
        return false;
    batch->locked_until_ms = now_ms + LOCK_MS;
    memcpy(token, batch->lock_token, GUID_SIZE);
    for (struct feedback_record *record = batch->records; record != NULL; record = record->next) {
        buf_text(body, record == batch->records ? "[" : ",");
        format_record(record, body);
    }
    buf_text(body, "]");
    return true;
}

/* The link to the batch that token locks, or to NULL. */
static struct feedback_batch **find_locked(struct feedback *feedback, const char *token)
{
    struct feedback_batch **link = &feedback->batches;

    while (*link != NULL
           && ((*link)->locked_until_ms == 0 || strcmp((*link)->lock_token, token) != 0))
        link = &(*link)->next;
    return link;
}

bool feedback_complete(struct feedback *feedback, const char *token)
{
    struct feedback_batch **link = find_locked(feedback, token);

    if (*link == NULL)
        return false;
    drop_batch(feedback, link);
    feedback->completed++;
    return true;
}

bool feedback_abandon(struct feedback *feedback, const char *token)
{
    struct feedback_batch **link = find_locked(feedback, token);

    if (*link == NULL)
        return false;
    (*link)->locked_until_ms = 0;
    if (++(*link)->delivery_count >= MESSAGE_MAX_DELIVERIES)
        drop_batch(feedback, link);
    return true;
}

void feedback_format(const struct feedback *feedback, struct buf *out)
{
    buf_format(out, "{\"pending\":%zu,\"batches\":[", feedback->pending_count);
    for (struct feedback_batch *batch = feedback->batches; batch != NULL; batch = batch->next)
        buf_format(out, "%s{\"size\":%zu,\"state\":\"%s\",\"deliveryCount\":%u}",
                   batch == feedback->batches ? "" : ",", batch->size,
                   batch->locked_until_ms != 0 ? "locked" : "enqueued", batch->delivery_count);
    buf_format(out, "],\"completed\":%" PRIu64 "}", feedback->completed);
}

void feedback_clear(struct feedback *feedback)
{
    free_records(feedback->pending);
    while (feedback->batches != NULL) {
        struct feedback_batch *batch = feedback->batches;

        feedback->batches = batch->next;
        free_batch(batch);
    }
    *feedback = (struct feedback) { 0 };
}
