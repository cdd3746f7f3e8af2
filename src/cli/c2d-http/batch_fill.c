#include "batch_fill.h"

#include "../common/failure.h"
#include "../common/signals.h"
#include "batch_line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Prints the result of a line that is not queued. entry may be NULL: not in the journal. error is
 * NULL if the line is skipped, and C2D_OK if an earlier run sent it. */
static void print_unqueued(struct batch *batch, const char *text, size_t size,
                           const struct batch_entry *entry, const struct c2d_error *error)
{
    char *device_id = batch_line_text(text, size, "deviceId");
    char *message_id = batch_line_text(text, size, "messageId");
    struct batch_item item = {
        .line = batch->input.line,
        .device_id = device_id,
        .message_id = message_id,
    };

    if (entry != NULL)
        item.entry = *entry;
    /* An earlier run sent the line, so the ids that it used are known. */
    if (item.entry.is_done || item.entry.is_doubtful) {
        item.device_id = device_id != NULL ? device_id : batch->settings->device_id;
        item.message_id = message_id != NULL ? message_id : item.entry.id;
    }

    if (error == NULL)
        batch_skip(batch, &item);
    else
        batch_print(batch, &item, error->status == C2D_OK ? "enqueued" : "failed", error);
    free(device_id);
    free(message_id);
}

/* Reads a line as a message, and looks it up in the journal. A line that an earlier run has sent is
 * read only if its device must be known to find it: a line without one has the default. */
static enum c2d_status look_up(struct batch *batch, const char *text, size_t size,
                               struct batch_item *item, struct c2d_error *invalid,
                               struct c2d_error *error)
{
    const char *default_id = batch->settings->device_id;
    bool is_read = default_id != NULL, has_default;
    enum c2d_status status;

    if (is_read)
        (void)c2d_outgoing_from_json(&item->outgoing, text, size, invalid);
    has_default = item->outgoing != NULL && item->outgoing->device_id == NULL;
    status = batch_journal_find(&batch->journal, has_default ? default_id : NULL, text, size,
                                &item->entry, error);
    if (status == C2D_OK && !is_read && !item->entry.is_done)
        (void)c2d_outgoing_from_json(&item->outgoing, text, size, invalid);
    if (item->outgoing != NULL)
        item->device_id = has_default ? default_id : item->outgoing->device_id;
    return status;
}

/* Queues a line, unless it is invalid or an earlier run has sent it. */
static void admit(struct batch *batch, const char *text, size_t size)
{
    struct batch_item item = { .line = batch->input.line, .size = size };
    struct c2d_error error = { 0 }, invalid = { 0 };
    enum c2d_status status = look_up(batch, text, size, &item, &invalid, &error);

    if (status != C2D_OK) {
        batch_stop(batch, status, &error);
        print_unqueued(batch, text, size, NULL, NULL);
    } else if (item.entry.is_done) {
        print_unqueued(batch, text, size, &item.entry, &(struct c2d_error) { .status = C2D_OK });
    } else if (item.outgoing == NULL) {
        print_unqueued(batch, text, size, &item.entry, &invalid);
    } else if (item.device_id == NULL) {
        batch_print(batch, &item, "failed",
                    &(struct c2d_error) { .status = C2D_DATA,
                                          .text = "the line has no deviceId, and the command "
                                                  "names no device" });
    } else {
        batch_queue_add(&batch->queue, &item);
        return;
    }
    c2d_outgoing_free(item.outgoing);
}

void batch_fill(struct batch *batch)
{
    while (!batch->input_ended && batch->stop == C2D_OK && signals_caught() == 0
           && batch_queue_has_room(&batch->queue)) {
        const char *text = NULL;
        size_t size = 0;
        struct c2d_error error = { 0 };
        bool waits = batch->in_flight == 0 && batch->queue.ready == NULL;

        switch (batch_input_next(&batch->input, waits, &text, &size)) {
        case BATCH_LINE:
            admit(batch, text, size);
            break;
        case BATCH_TOO_LONG:
            print_unqueued(batch, text, size, NULL,
                           &(struct c2d_error) { .status = C2D_DATA,
                                                 .text = "a line may have 256 KiB at most" });
            break;
        case BATCH_NOT_YET:
            return;
        case BATCH_END:
            batch->input_ended = true;
            break;
        case BATCH_REFUSED:
            fail_with_hint(&error, C2D_DATA, batch->input.hint, "%s %s", batch->input.name,
                           batch->input.problem);
            batch_stop(batch, C2D_DATA, &error);
            break;
        case BATCH_FAILED:
            fail(&error, STATUS_NO_INPUT, "%s: %s", batch->input.name, strerror(errno));
            batch_stop(batch, STATUS_NO_INPUT, &error);
            break;
        }
    }
}
