/* Reads lines while the queue has room, sends them as fast as the hub and --rate allow, and prints
 * the result of each line. The library retries. */
#include "batch.h"

#include "../common/report.h"
#include "../common/session.h"
#include "../common/signals.h"
#include "../common/stop.h"
#include "base/clock.h"
#include "batch_devices.h"
#include "batch_end.h"
#include "batch_input.h"
#include "batch_line.h"
#include "batch_progress.h"
#include "batch_rate.h"
#include "batch_result.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How often pipes and back-offs are polled, and how long retries go on while the hub fails. */
enum { POLL_MS = 50, OUTAGE_MAX_MS = 300000 };

struct batch {
    struct app *app;
    const struct batch_settings *settings;
    struct batch_input input;
    struct batch_queue queue;
    struct batch_journal journal;
    struct batch_progress progress;
    bool input_ended;
    size_t in_flight;
    enum c2d_status stop; /* why no more lines are sent; C2D_OK: the batch goes on */
    struct batch_end end;
    struct batch_results results;
    long long done_before; /* lines in the journal when it was opened */
    struct batch_rate rate;
    struct batch_devices devices;
    struct c2d_error reported; /* the last reported error, for the summary */
};

/* ---- Results ---- */

/* Ends the batch, unless status is C2D_OK: requests in flight get 5 s, back-offs are cancelled. */
static void stop(struct batch *batch, enum c2d_status status)
{
    if (status != C2D_OK && batch->stop == C2D_OK) {
        batch->results.ended.error = batch->reported;
        stop_request();
    }
    batch->stop = worse(batch->stop, status);
}

static void print_result(struct batch *batch, const struct batch_item *item, const char *outcome,
                         const struct c2d_error *error)
{
    stop(batch, batch_result_add(&batch->results, item, outcome, error));
}

static void skip(struct batch *batch, const struct batch_item *item)
{
    stop(batch, batch_result_skip(&batch->results, item));
}

/* ---- Lines ---- */

/* Prints the result of a line that is not queued. entry may be NULL: not in the journal. error is
 * NULL if the line is skipped, and C2D_OK if an earlier run sent it. */
static void refuse(struct batch *batch, const char *text, size_t size,
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
        skip(batch, &item);
    else
        print_result(batch, &item, error->status == C2D_OK ? "enqueued" : "failed", error);
    free(device_id);
    free(message_id);
}

/* Queues a line, unless it is invalid or an earlier run has sent it. */
static void admit(struct batch *batch, const char *text, size_t size)
{
    const char *default_id = batch->settings->device_id;
    struct batch_item item = { .line = batch->input.line, .size = size };
    struct c2d_error error;
    enum c2d_status status =
        batch_journal_find(&batch->journal, default_id, text, size, &item.entry);

    if (status != C2D_OK) {
        stop(batch, status);
        refuse(batch, text, size, NULL, NULL);
    } else if (item.entry.is_done) {
        refuse(batch, text, size, &item.entry, &(struct c2d_error) { .status = C2D_OK });
    } else if (c2d_outgoing_from_json(&item.outgoing, text, size, &error) != C2D_OK) {
        refuse(batch, text, size, &item.entry, &error);
    } else {
        item.device_id = item.outgoing->device_id != NULL ? item.outgoing->device_id : default_id;
        if (item.device_id != NULL) {
            batch_queue_add(&batch->queue, &item);
            return;
        }
        print_result(batch, &item, "failed",
                     &(struct c2d_error) { .status = C2D_DATA,
                                           .text = "the line has no deviceId, and the command "
                                                   "names no device" });
        c2d_outgoing_free(item.outgoing);
    }
}

/* Reads lines while the queue has room and input is available. Blocks only if no request is in
 * flight and no line is ready. */
static void fill(struct batch *batch)
{
    while (!batch->input_ended && batch->stop == C2D_OK && signals_caught() == 0
           && batch_queue_has_room(&batch->queue)) {
        const char *text = NULL;
        size_t size = 0;
        bool waits = batch->in_flight == 0 && batch->queue.ready == NULL;

        switch (batch_input_next(&batch->input, waits, &text, &size)) {
        case BATCH_LINE:
            admit(batch, text, size);
            break;
        case BATCH_TOO_LONG:
            refuse(batch, text, size, NULL,
                   &(struct c2d_error) { .status = C2D_DATA,
                                         .text = "a line may have 256 KiB at most" });
            break;
        case BATCH_NOT_YET:
            return;
        case BATCH_END:
            batch->input_ended = true;
            break;
        case BATCH_REFUSED:
            stop(batch, report_failure(batch->app, C2D_DATA, batch->input.hint, "%s %s",
                                       batch->input.name, batch->input.problem));
            break;
        case BATCH_FAILED:
            stop(batch, report_failure(batch->app, STATUS_NO_INPUT, NULL, "%s: %s",
                                       batch->input.name, strerror(errno)));
            break;
        }
    }
}

/* ---- Sending ---- */

/* Prints the result of an item that must not be sent. Returns false if it can be sent. */
static bool skip_if_due(struct batch *batch, const struct batch_item *item)
{
    const struct batch_refusal *refusal =
        batch_devices_find(&batch->devices, item->device_hash, clock_monotonic_ms(NULL));
    struct c2d_error error = { 0 };

    if (batch->stop != C2D_OK || signals_caught() != 0) {
        skip(batch, item);
    } else if (refusal != NULL) {
        error.status = refusal->status;
        snprintf(error.text, sizeof error.text,
                 "not sent: line %lld, for the same device, failed with %s less than a minute ago",
                 refusal->line, status_name(refusal->status));
        print_result(batch, item, "skipped", &error);
    } else {
        return false;
    }
    return true;
}

/* Submits item. If the library refuses it, prints its result at once. */
static void submit(struct batch *batch, struct batch_item *item)
{
    struct c2d_error error;
    enum c2d_status status;

    /* Set only now: the id is stored in the item, and batch_queue_add() copies the item. */
    if (item->outgoing->message.message_id == NULL)
        item->outgoing->message.message_id = item->entry.id;
    status = c2d_submit(batch->app->client,
                        &(struct c2d_request) { .action = C2D_ACTION_SEND,
                                                .tag = item,
                                                .device_id = item->device_id,
                                                .message = &item->outgoing->message },
                        &error);
    if (status == C2D_OK) {
        batch->in_flight++;
        batch_rate_take(&batch->rate);
        return;
    }
    if (status == C2D_OS)
        stop(batch, status);
    print_result(batch, item, "failed", &error);
    batch_queue_done(&batch->queue, item);
}

/* Lines in back-off do not count towards --parallel. With --rate they do: otherwise all of them
 * would retry together, above the rate, when a failed hub recovers. */
static bool has_place(const struct batch *batch)
{
    size_t waiting = batch->settings->rate != NULL ? 0 : c2d_backing_off(batch->app->client);

    return batch->in_flight - waiting < (size_t)batch->settings->parallel;
}

/* Submits ready lines while there is a place. Returns the delay in ms that --rate requires before
 * the next one, or -1. Lines that need no request do not count for --rate. */
static int submit_ready(struct batch *batch)
{
    while (batch->queue.ready != NULL && has_place(batch)) {
        int wait_ms = batch_rate_wait_ms(&batch->rate);

        if (skip_if_due(batch, batch->queue.ready)) {
            batch_queue_done(&batch->queue, batch_queue_take(&batch->queue));
            continue;
        }
        if (wait_ms > 0)
            return wait_ms;
        submit(batch, batch_queue_take(&batch->queue));
    }
    return -1;
}

/* True if the line was not sent only because the batch ends: "skipped", not "failed". */
static bool is_skipped(const struct batch *batch, const struct c2d_error *error)
{
    bool is_ended = batch->stop != C2D_OK || signals_caught() != 0;

    if (error->earlier_try_unanswered)
        return false;
    return error->status == C2D_CANCELLED || (error->gave_up && error->attempts == 0)
           || (is_ended && error->retryable && !error->gave_up);
}

static void take_result(struct batch *batch, const struct c2d_result *result)
{
    struct batch_item *item = result->tag;
    const struct c2d_error *error = &result->error;

    batch->in_flight--;
    if (batch_end_is_due(&batch->end, item->device_hash, error) && batch->stop == C2D_OK)
        stop(batch, report_error(batch->app, error, NULL));
    if (error->status == C2D_OK || error->earlier_try_unanswered)
        stop(batch,
             batch_journal_mark(&batch->journal, &item->entry, item->outgoing->message.message_id,
                                error->status == C2D_OK, error->earlier_try_unanswered));
    if (error->status == C2D_OK) {
        print_result(batch, item, "enqueued", error);
    } else if (error->status == C2D_DRY_RUN) {
        batch->results.enqueued++; /* a dry run found the line valid */
    } else if (is_skipped(batch, error)) {
        skip(batch, item);
    } else {
        bool is_unknown = error->status == C2D_UNKNOWN_OUTCOME || error->status == C2D_CANCELLED;

        if (error->status == C2D_QUEUE_FULL || error->status == C2D_NOT_FOUND)
            batch_devices_refuse(&batch->devices, item->device_hash, item->line, error->status,
                                 clock_monotonic_ms(NULL));
        print_result(batch, item, is_unknown ? "unknown" : "failed", error);
    }
    batch_queue_done(&batch->queue, item);
}

/* Estimates how many lines still need a request, from the size of the file; below 0: not known. */
static double lines_left(const struct batch *batch)
{
    const struct batch_input *input = &batch->input;
    double done = (double)(batch->results.enqueued + batch->results.failed);
    double read = done + (double)batch->queue.used;
    /* Lines in the journal need no request. Assumes that those not seen yet follow in the input. */
    double known = (double)(batch->done_before - batch->results.done_before);

    if (input->consumed == 0 || input->consumed > input->size)
        return -1;
    read *= (double)(input->size - input->consumed) / (double)input->consumed;
    read += (double)batch->queue.used;
    return read > known && known > 0 ? read - known : known > 0 ? 0 : read;
}

static void show_progress(struct batch *batch)
{
    batch_progress_show(&batch->progress,
                        &(struct batch_facts) {
                            .done = batch->results.enqueued + batch->results.failed,
                            .failed = batch->results.failed,
                            .requested = batch->results.requested,
                            .left = lines_left(batch),
                        });
}

static void send_all(struct batch *batch)
{
    for (;;) {
        struct c2d_result result;
        int wait_ms;

        fill(batch);
        wait_ms = submit_ready(batch);
        if (batch->queue.used == 0
            && (batch->input_ended || batch->stop != C2D_OK || signals_caught() != 0))
            return;
        /* Input on a pipe does not end c2d_wait(), so it is polled. */
        if (!batch->input.is_file && !batch->input_ended && (wait_ms < 0 || wait_ms > POLL_MS))
            wait_ms = POLL_MS;
        /* A line that enters its back-off frees a place and does not end c2d_wait(). */
        if (batch->queue.ready != NULL && (wait_ms < 0 || wait_ms > POLL_MS))
            wait_ms = POLL_MS;
        if (batch->progress.is_shown && (wait_ms < 0 || wait_ms > BATCH_PROGRESS_MS))
            wait_ms = BATCH_PROGRESS_MS;
        if (batch->in_flight > 0 && c2d_wait(batch->app->client, wait_ms, &result))
            take_result(batch, &result);
        else if (batch->in_flight == 0 && batch->queue.ready != NULL && wait_ms > 0)
            nanosleep(&(struct timespec) { 0, (wait_ms < 500 ? wait_ms : 500) * 1000000L }, NULL);
        show_progress(batch);
    }
}

/* ---- The command ---- */

static enum c2d_status exit_status(const struct batch *batch)
{
    const struct batch_results *results = &batch->results;

    if (batch->stop != C2D_OK)
        return batch->stop;
    if (results->failed == 0)
        return C2D_OK;
    return results->enqueued > 0 ? STATUS_PARTIAL : results->first_failure;
}

static enum c2d_status send_and_report(struct batch *batch)
{
    struct app *app = batch->app;
    enum c2d_status status;

    batch->done_before = (long long)batch->journal.used;
    batch_progress_begin(&batch->progress, app);
    /* The error that ends the batch is reported once, in the summary. */
    app->held = &batch->reported;
    send_all(batch);
    app->held = NULL;
    batch_progress_end(&batch->progress, app);
    status = exit_status(batch);
    batch_result_report(&batch->results, status, batch->input_ended ? NULL : batch->input.name,
                        batch->settings->journal != NULL);
    return status;
}

enum c2d_status batch_run(struct app *app, const struct batch_settings *settings)
{
    struct batch *batch = calloc(1, sizeof *batch);
    enum c2d_status status = C2D_OK;

    if (batch == NULL)
        return report_failure(app, C2D_OS, NULL, "out of memory");
    batch->app = app;
    batch->results.app = app;
    batch->settings = settings;
    batch->input.fd = batch->journal.fd = -1;
    app->parallel = (int)settings->parallel;
    app->patience_ms = OUTAGE_MAX_MS;
    app->dry_run_is_silent = true;
    batch_queue_init(&batch->queue);
    if (settings->rate != NULL && !batch_rate_parse(&batch->rate, settings->rate))
        status = report_usage(app, "--rate takes N/s or N/m, N from 1 to 999999, not '%.60s'",
                              settings->rate);
    if (status == C2D_OK && strcmp(settings->file, "-") == 0 && app->common.connection_file != NULL
        && strcmp(app->common.connection_file, "-") == 0)
        status = report_usage(app, "stdin cannot be both the connection string and the batch");
    if (status == C2D_OK)
        status = batch_input_open(&batch->input, app, settings->file);
    if (status == C2D_OK)
        status = session_open(app);
    if (status == C2D_OK)
        status =
            batch_journal_open(&batch->journal, app, app->common.dry_run ? NULL : settings->journal,
                               !settings->no_lock);
    if (status == C2D_OK)
        status = send_and_report(batch);
    status = worse(status, batch_journal_close(&batch->journal));
    batch_input_close(&batch->input);
    free(batch);
    return status;
}
