/* Sends the lines of a batch as fast as the hub and --rate allow, and prints the result of each
 * line. The library retries. */
#include "batch.h"

#include "../common/failure.h"
#include "../common/session.h"
#include "../common/signals.h"
#include "base/clock.h"
#include "batch_fill.h"
#include "batch_state.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How often pipes and back-offs are polled, and how long retries go on while the hub fails. */
enum { POLL_MS = 50, OUTAGE_MAX_MS = 300000 };

/* ---- Sending ---- */

/* Prints the result of an item that must not be sent. Returns false if it can be sent. */
static bool skip_unsendable(struct batch *batch, const struct batch_item *item)
{
    const struct batch_refusal *refusal =
        batch_devices_find(&batch->devices, item->device_hash, clock_monotonic_ms(NULL));
    struct c2d_error error = { 0 };

    if (batch->stop != C2D_OK || signals_caught() != 0) {
        batch_skip(batch, item);
    } else if (refusal != NULL) {
        error.status = refusal->status;
        snprintf(error.text, sizeof error.text,
                 "not sent: line %lld, for the same device, failed with %s less than a minute ago",
                 refusal->line, status_name(refusal->status));
        batch_print(batch, item, "skipped", &error);
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
        batch_stop(batch, status, &error);
    batch_print(batch, item, "failed", &error);
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

        if (skip_unsendable(batch, batch->queue.ready)) {
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
    struct c2d_error failed = { 0 };

    batch->in_flight--;
    if (batch_must_end(&batch->end, item->device_hash, error) && batch->stop == C2D_OK)
        batch_stop(batch, error->status, error);
    if (error->status == C2D_OK || error->earlier_try_unanswered)
        batch_stop(batch,
                   batch_journal_mark(&batch->journal, &item->entry,
                                      item->outgoing->message.message_id, error, &failed),
                   &failed);
    if (error->status == C2D_OK) {
        batch_print(batch, item, "enqueued", error);
    } else if (error->status == C2D_DRY_RUN) {
        batch->results.enqueued++; /* a dry run found the line valid */
    } else if (is_skipped(batch, error)) {
        batch_skip(batch, item);
    } else {
        bool is_unknown = error->status == C2D_UNKNOWN_OUTCOME || error->status == C2D_CANCELLED;

        if (error->status == C2D_QUEUE_FULL || error->status == C2D_NOT_FOUND)
            batch_devices_refuse(&batch->devices, item->device_hash, item->line, error->status,
                                 clock_monotonic_ms(NULL));
        batch_print(batch, item, is_unknown ? "unknown" : "failed", error);
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
    double known = (double)(batch->journaled - batch->results.done_before);

    if (input->consumed == 0 || input->consumed > input->size)
        return -1;
    read *= (double)(input->size - input->consumed) / (double)input->consumed;
    read += (double)batch->queue.used;
    return read > known ? read - known : 0;
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
        int wait_ms, most_ms = -1;

        batch_fill(batch);
        wait_ms = submit_ready(batch);
        if (batch->queue.used == 0
            && (batch->input_ended || batch->stop != C2D_OK || signals_caught() != 0))
            return;
        /* Neither input on a pipe nor a line that enters its back-off, which frees a place, ends
         * c2d_wait(). */
        if (batch->queue.ready != NULL || !(batch->input.is_file || batch->input_ended))
            most_ms = POLL_MS;
        else if (batch->progress.is_shown)
            most_ms = BATCH_PROGRESS_MS;
        if (most_ms >= 0 && (wait_ms < 0 || wait_ms > most_ms))
            wait_ms = most_ms;
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
    enum c2d_status status;

    batch->journaled = (long long)batch->journal.done;
    batch_progress_begin(&batch->progress, batch->app);
    send_all(batch);
    batch_progress_end(&batch->progress);
    status = exit_status(batch);
    batch_result_report(&batch->results, status, batch->input_ended ? NULL : batch->input.name,
                        batch->settings->journal != NULL);
    return status;
}

enum c2d_status batch_run(struct app *app, const struct batch_settings *settings,
                          struct c2d_error *error)
{
    const struct session_needs needs = {
        .parallel = (int)settings->parallel,
        .patience_ms = OUTAGE_MAX_MS,
        .dry_run_silent = true,
    };
    struct batch *batch = calloc(1, sizeof *batch);
    enum c2d_status status = C2D_OK;

    if (batch == NULL)
        return fail_memory(error);
    batch->app = app;
    batch->results.app = app;
    batch->settings = settings;
    batch->input.fd = batch->journal.fd = -1;
    batch_queue_init(&batch->queue);
    if (settings->rate != NULL && !batch_rate_parse(&batch->rate, settings->rate))
        status = fail_usage(app, error, "--rate takes N/s or N/m, N from 1 to 999999, not '%.60s'",
                            settings->rate);
    if (status == C2D_OK && strcmp(settings->file, "-") == 0 && app->common.connection_file != NULL
        && strcmp(app->common.connection_file, "-") == 0)
        status = fail_usage(app, error, "stdin cannot be both the connection string and the batch");
    if (status == C2D_OK)
        status = batch_input_open(&batch->input, settings->file, error);
    if (status == C2D_OK)
        status = session_open(app, &needs, error);
    if (status == C2D_OK)
        status = batch_journal_open(&batch->journal, app, settings, error);
    if (status == C2D_OK)
        status = send_and_report(batch);
    /* An earlier error is not replaced. */
    status =
        worse(status, batch_journal_close(&batch->journal, error->status == C2D_OK ? error : NULL));
    batch_input_close(&batch->input);
    free(batch);
    return status;
}
