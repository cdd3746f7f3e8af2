#include "collector.h"

#include "../common/failure.h"
#include "../common/polling.h"
#include "../common/report.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

/* Returns all records as lines in one text, so that one write puts out the whole batch. The caller
 * frees it. NULL: out of memory. */
static char *batch_lines(const struct c2d_feedback *feedback, size_t *size)
{
    struct buf text = { 0 };

    for (size_t i = 0; !text.failed && i < feedback->record_count; i++) {
        char *line = c2d_feedback_to_json(feedback, i);

        if (line != NULL && buf_text(&text, line))
            buf_byte(&text, '\n');
        else
            text.failed = true;
        free(line);
    }
    *size = text.size;
    return buf_take(&text);
}

/* Passes each line to on_record(). Replaces the newlines in lines by NUL. */
static void show_records(const struct collector *collector, char *lines)
{
    for (char *line = lines, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        collector->on_record(collector->context, line);
    }
}

static enum c2d_status put_batch(struct collector *collector, const struct c2d_feedback *feedback,
                                 struct c2d_error *error)
{
    size_t size = 0;
    char *lines = batch_lines(feedback, &size);
    enum c2d_status status;

    if (lines == NULL)
        return fail_memory(error);
    status = sink_put(&collector->sink, lines, size, feedback->lock_expires_ms - RECEIVER_SETTLE_MS,
                      error);
    if (status == C2D_OK && collector->on_record != NULL)
        show_records(collector, lines);
    free(lines);
    return status;
}

static enum c2d_status complete(struct collector *collector, const struct c2d_feedback *feedback,
                                struct c2d_error *error)
{
    struct c2d_error result;
    bool wants_next = collector->records < collector->wanted;
    enum c2d_status status = receiver_settle(&collector->receiver, feedback->lock_token,
                                             C2D_COMPLETE, wants_next, &result);

    if (status == C2D_LOCK_LOST) {
        report_warning(collector->app, "a batch of %zu records is in the output%s delivered again",
                       feedback->record_count,
                       result.earlier_try_unanswered
                           ? "; whether it was completed is in doubt, since an attempt got no "
                             "response from the hub: it may be"
                           : ", but its lock was lost: it will be");
    } else if (status != C2D_OK) {
        collector->hub_status = status;
        *error = result;
    }
    return status;
}

/* Identifies a batch by its records: its lock token changes with each delivery. Never returns 0. */
static uint64_t hash_of(const struct c2d_feedback *feedback)
{
    uint64_t hash = HASH_START;

    for (size_t i = 0; i < feedback->record_count; i++) {
        const struct c2d_feedback_record *record = &feedback->records[i];
        const char *const texts[] = { record->original_message_id, record->device_id,
                                      record->enqueued_time, record->status_code };

        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            hash = hash_text(hash, texts[k] == NULL ? "-" : texts[k]);
    }
    return hash | 1;
}

/* Adds a batch to the recent ones. Returns false if it was delivered two more times before its lock
 * could expire. Then a proxy repeats responses, and a drain would never end. */
static bool add_recent(struct collector *collector, const struct c2d_feedback *feedback)
{
    uint64_t hash = hash_of(feedback);
    struct recent_batch *batch = NULL;

    for (size_t i = 0; i < COLLECTOR_RECENT; i++)
        if (collector->recent[i].hash == hash)
            batch = &collector->recent[i];
    if (batch == NULL) {
        batch = &collector->recent[collector->recent_next++ % COLLECTOR_RECENT];
        *batch = (struct recent_batch) { .hash = hash };
    } else if (clock_monotonic_ms(NULL) < batch->lock_expires_ms) {
        batch->early_deliveries++;
    } else {
        batch->early_deliveries = 0;
    }
    batch->lock_expires_ms = feedback->lock_expires_ms;
    return batch->early_deliveries < 2;
}

static enum c2d_status receive(struct collector *collector, struct c2d_feedback **feedback,
                               struct c2d_error *error)
{
    struct c2d_result result;

    receiver_receive(&collector->receiver, &result);
    *feedback = result.feedback;
    if (result.error.status == C2D_OK && !add_recent(collector, *feedback)) {
        result.error = (struct c2d_error) { 0 };
        fail_with_hint(&result.error, C2D_PROTOCOL,
                       "a proxy or gateway on the path repeats responses",
                       "a batch of %zu records was delivered 2 times more before its lock could "
                       "expire",
                       (*feedback)->record_count);
    }
    if (result.error.status == C2D_OK || result.error.status == C2D_NO_MESSAGE)
        return result.error.status;
    collector->hub_status = result.error.status;
    collector->filtered = polling_is_filtered(&result.error);
    if (result.error.status != collector->reported)
        *error = result.error;
    return result.error.status;
}

enum c2d_status collector_take(struct collector *collector, struct c2d_error *error)
{
    struct c2d_feedback *feedback = NULL;
    enum c2d_status status = C2D_OK;

    collector->hub_status = C2D_OK;
    collector->filtered = false;
    if (!sink_is_current(&collector->sink))
        status = sink_reopen(&collector->sink, error);
    if (status == C2D_OK) {
        status = sink_lock_reader(&collector->sink, error);
        if (status == STATUS_LOCKED)
            return C2D_NO_MESSAGE;
    }
    if (status == C2D_OK)
        status = receive(collector, &feedback, error);
    if (status != C2D_OK) {
        c2d_feedback_free(feedback);
        return status;
    }
    collector->records += (int64_t)feedback->record_count;
    status = put_batch(collector, feedback, error);
    /* If the file was rotated during the write, its readers may already read the new one. The batch
     * is then not completed: its next delivery goes to the new file. */
    if (status == C2D_OK && !collector->keep && sink_is_current(&collector->sink))
        status = complete(collector, feedback, error);
    c2d_feedback_free(feedback);
    return status;
}

enum c2d_status collector_drain(struct collector *collector, int64_t count, struct c2d_error *error)
{
    enum c2d_status result = C2D_OK;

    collector->wanted = count == 0 ? INT64_MAX : count;
    receiver_start(&collector->receiver);
    while (collector->records < collector->wanted) {
        enum c2d_status status = collector_take(collector, error);

        if (status == C2D_NO_MESSAGE)
            break;
        result = worse(result, status);
        /* With keep, stop after one batch: each further request would lock another one. */
        if ((status != C2D_OK && status != C2D_LOCK_LOST) || collector->keep)
            break;
    }
    receiver_end(&collector->receiver);
    return result;
}
