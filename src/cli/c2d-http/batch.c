/* Reads as fast as there is room, sends as fast as the hub and --rate allow, and tells of each line
 * what became of it. */
#include "batch.h"

#include "../common/json_line.h"
#include "../common/monotonic.h"
#include "../common/output.h"
#include "../common/report.h"
#include "../common/session.h"
#include "../common/signals.h"
#include "../common/stop.h"
#include "batch_end.h"
#include "batch_input.h"
#include "batch_progress.h"
#include "batch_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STOPPED_MAX = 4096, LOOK_MS = 50, MINUTE_US = 60000000, CATCH_UP_US = 100000 };

struct batch {
    struct app *app;
    const struct batch_settings *settings;
    struct batch_input input;
    struct batch_queue queue;
    struct batch_journal journal;
    struct batch_progress progress;
    bool input_ended;
    size_t under_way;
    enum c2d_status stop; /* why no more is begun; C2D_OK: it goes on */
    struct batch_end end;
    enum c2d_status first_failure;
    bool output_failed; /* has been told, and no more is printed */
    long long enqueued, failed;
    int64_t interval_us, next_us; /* --rate */
    /* Devices that take no more: a full queue, or none of that name. The oldest are forgotten. */
    uint64_t stopped[STOPPED_MAX];
    size_t stopped_count;
};

/* ---- Results ---- */

/* What is in flight gets 5 s, and what waits for another attempt is given up. */
static void stop(struct batch *batch, enum c2d_status status)
{
    if (status != C2D_OK && batch->stop == C2D_OK)
        stop_request();
    batch->stop = worse(batch->stop, status);
}

/* One line, one write(2): many may write to the same pipe. */
static void print_result(struct batch *batch, const struct batch_item *item, const char *outcome,
                         const struct c2d_error *error)
{
    const char *own_id = item->outgoing == NULL ? NULL : item->outgoing->message.message_id;
    bool has_failed = error->status != C2D_OK && error->status != C2D_CANCELLED;
    char *error_json = has_failed ? report_error_json(batch->app, error) : NULL;
    struct json_line line;
    char *text;

    json_begin(&line);
    json_number(&line, "line", item->line);
    json_text(&line, "deviceId", item->device_id);
    /* A line that could not be read has an id of its own that nobody knows. */
    json_text(&line, "messageId",
              item->outgoing == NULL ? NULL
              : own_id != NULL       ? own_id
                                     : item->entry.id);
    json_text(&line, "status", outcome);
    json_bool(&line, "maybeDuplicate", error->earlier_try_unanswered || item->entry.is_doubtful);
    json_number(&line, "attempts", error->attempts);
    json_raw(&line, "error", error_json);
    text = json_end(&line);
    if (strcmp(outcome, "enqueued") == 0) {
        batch->enqueued++;
    } else {
        batch->failed++;
        if (batch->first_failure == C2D_OK && (has_failed || signals_caught() != 0))
            batch->first_failure = error->status;
    }
    if (!batch->output_failed && (!batch->app->common.quiet || has_failed)) {
        enum c2d_status status = output_line(batch->app, text);

        batch->output_failed = status != C2D_OK;
        stop(batch, status);
    }
    free(error_json);
    free(text);
}

static void skip(struct batch *batch, const struct batch_item *item)
{
    static const struct c2d_error none = { .status = C2D_CANCELLED };

    print_result(batch, item, "skipped", &none);
}

/* ---- Lines ---- */

static uint64_t hash(const char *text)
{
    uint64_t value = UINT64_C(0xcbf29ce484222325);

    for (; *text != '\0'; text++)
        value = (value ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return value;
}

static bool is_stopped(const struct batch *batch, uint64_t device_hash)
{
    for (size_t i = 0; i < STOPPED_MAX && i < batch->stopped_count; i++)
        if (batch->stopped[i] == device_hash)
            return true;
    return false;
}

static void fail_line(struct batch *batch, const struct batch_item *item, const char *what)
{
    struct c2d_error error = { .status = C2D_DATA };

    snprintf(error.text, sizeof error.text, "%s", what);
    print_result(batch, item, "failed", &error);
}

/* A line becomes an item of the queue, unless that fails or it is done already. */
static void admit(struct batch *batch, const char *text, size_t size)
{
    const char *default_id = batch->settings->device_id;
    struct batch_item item = { .line = batch->input.line, .size = size };
    struct c2d_error error;
    enum c2d_status status =
        batch_journal_find(&batch->journal, default_id, text, size, &item.entry);

    if (status != C2D_OK) {
        stop(batch, status);
        skip(batch, &item);
        return;
    }
    if (c2d_outgoing_from_json(&item.outgoing, text, size, (int64_t)time(NULL), &error) != C2D_OK) {
        print_result(batch, &item, "failed", &error);
        return;
    }
    item.device_id = item.outgoing->device_id != NULL ? item.outgoing->device_id : default_id;
    if (item.device_id == NULL) {
        fail_line(batch, &item, "the line names no deviceId, and neither does the command");
    } else if (item.entry.is_done) {
        print_result(batch, &item, "enqueued", &(struct c2d_error) { .status = C2D_OK });
    } else {
        item.device_hash = hash(item.device_id);
        batch_queue_add(&batch->queue, &item);
        return;
    }
    c2d_outgoing_free(item.outgoing);
}

/* Reads while there is room and something is there; waits only when nothing else is to be done. */
static void fill(struct batch *batch)
{
    while (!batch->input_ended && batch->stop == C2D_OK && signals_caught() == 0
           && batch_queue_has_room(&batch->queue)) {
        const char *text = NULL;
        size_t size = 0;
        bool waits = batch->under_way == 0 && batch->queue.ready == NULL;

        switch (batch_input_next(&batch->input, waits, &text, &size)) {
        case BATCH_LINE:
            admit(batch, text, size);
            break;
        case BATCH_TOO_LONG:
            fail_line(batch, &(struct batch_item) { .line = batch->input.line },
                      "a line may have 256 KiB at most");
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
            stop(batch, report_failure(batch->app, C2D_NO_INPUT, NULL, "%s: %s", batch->input.name,
                                       strerror(errno)));
            break;
        }
    }
}

/* ---- Sending ---- */

static int64_t now_us(void)
{
    struct timespec now = { 0 };

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Hands item over; what cannot be sent is told at once. */
static void submit(struct batch *batch, struct batch_item *item)
{
    struct c2d_error error;
    enum c2d_status status;

    if (batch->stop != C2D_OK || signals_caught() != 0 || is_stopped(batch, item->device_hash)) {
        skip(batch, item);
        batch_queue_done(&batch->queue, item);
        return;
    }
    /* Not before: the id lies in the item, which moves until it is in the queue. */
    if (item->outgoing->message.message_id == NULL)
        item->outgoing->message.message_id = item->entry.id;
    status = c2d_submit(batch->app->client,
                        &(struct c2d_request) { .action = C2D_ACTION_SEND,
                                                .tag = item,
                                                .device_id = item->device_id,
                                                .message = &item->outgoing->message },
                        &error);
    if (status == C2D_OK) {
        batch->under_way++;
        return;
    }
    if (status == C2D_OS)
        stop(batch, status);
    print_result(batch, item, "failed", &error);
    batch_queue_done(&batch->queue, item);
}

/* Lines that wait for another attempt leave their places to others. */
static bool has_place(const struct batch *batch)
{
    return batch->under_way - c2d_backing_off(batch->app->client)
           < (size_t)batch->settings->parallel;
}

/* Hands over what may be; returns for how many ms --rate keeps the next one, or -1. */
static int submit_ready(struct batch *batch)
{
    while (batch->queue.ready != NULL && has_place(batch)) {
        int64_t wait_us = batch->interval_us == 0 ? 0 : batch->next_us - now_us();

        if (wait_us > 0 && batch->stop == C2D_OK && signals_caught() == 0)
            return (int)((wait_us + 999) / 1000);
        /* Short delays are made up for, so that the rate is what was asked for. */
        if (batch->interval_us != 0)
            batch->next_us =
                (wait_us < -CATCH_UP_US ? now_us() : batch->next_us) + batch->interval_us;
        submit(batch, batch_queue_take(&batch->queue));
    }
    return -1;
}

/* Was the line not sent because the batch ends? Then it did not fail. */
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

    batch->under_way--;
    if (batch_end_is_due(&batch->end, item->device_hash, error) && batch->stop == C2D_OK)
        stop(batch, report_error(batch->app, error, NULL));
    if (error->status == C2D_OK || error->earlier_try_unanswered)
        stop(batch,
             batch_journal_mark(&batch->journal, &item->entry, item->outgoing->message.message_id,
                                error->status == C2D_OK, error->earlier_try_unanswered));
    if (error->status == C2D_OK) {
        print_result(batch, item, "enqueued", error);
    } else if (error->status == C2D_DRY_RUN) {
        batch->enqueued++; /* nothing is wrong with it */
    } else if (is_skipped(batch, error)) {
        skip(batch, item);
    } else {
        bool is_unknown = error->status == C2D_UNKNOWN_OUTCOME || error->status == C2D_CANCELLED;

        if (error->status == C2D_QUEUE_FULL || error->status == C2D_NOT_FOUND)
            batch->stopped[batch->stopped_count++ % STOPPED_MAX] = item->device_hash;
        print_result(batch, item, is_unknown ? "unknown" : "failed", error);
    }
    batch_queue_done(&batch->queue, item);
}

/* Of the input: what was read, less what waits or is under way. Below 0: not known. */
static double part_done(const struct batch *batch)
{
    double done = (double)(batch->enqueued + batch->failed);

    if (batch->input.size == 0 || done == 0)
        return -1;
    return (double)batch->input.consumed / (double)batch->input.size * done
           / (done + (double)batch->queue.used);
}

static void work(struct batch *batch)
{
    for (;;) {
        struct c2d_result result;
        int wait_ms;

        fill(batch);
        wait_ms = submit_ready(batch);
        if (batch->queue.used == 0
            && (batch->input_ended || batch->stop != C2D_OK || signals_caught() != 0))
            return;
        /* A pipe that has nothing now is looked at again soon, and progress goes on. */
        if (!batch->input.is_file && !batch->input_ended && (wait_ms < 0 || wait_ms > LOOK_MS))
            wait_ms = LOOK_MS;
        /* A line under way that begins to wait for another attempt leaves its place. */
        if (batch->queue.ready != NULL && (wait_ms < 0 || wait_ms > LOOK_MS))
            wait_ms = LOOK_MS;
        if (batch->progress.is_shown && (wait_ms < 0 || wait_ms > BATCH_PROGRESS_MS))
            wait_ms = BATCH_PROGRESS_MS;
        if (batch->under_way > 0 && c2d_wait(batch->app->client, wait_ms, &result))
            take_result(batch, &result);
        else if (batch->under_way == 0 && batch->queue.ready != NULL && wait_ms > 0)
            nanosleep(&(struct timespec) { 0, (wait_ms < 500 ? wait_ms : 500) * 1000000L }, NULL);
        batch_progress_show(&batch->progress, batch->enqueued + batch->failed, batch->failed,
                            part_done(batch));
    }
}

/* ---- The command ---- */

/* "90/m" or "5/s"; false for anything else. */
static bool parse_rate(const char *text, int64_t *interval_us)
{
    size_t digits = strspn(text, "0123456789");
    int64_t number = 0;

    if (digits == 0 || digits > 6)
        return false;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (text[i] - '0');
    if (number == 0 || (strcmp(text + digits, "/s") != 0 && strcmp(text + digits, "/m") != 0))
        return false;
    *interval_us = (text[digits + 1] == 's' ? 1000000 : MINUTE_US) / number;
    return true;
}

static enum c2d_status verdict(const struct batch *batch)
{
    if (batch->stop != C2D_OK)
        return batch->stop;
    if (batch->failed == 0)
        return C2D_OK;
    return batch->enqueued > 0 ? C2D_PARTIAL : batch->first_failure;
}

enum c2d_status batch_run(struct app *app, const struct batch_settings *settings)
{
    struct batch *batch = calloc(1, sizeof *batch);
    enum c2d_status status = C2D_OK;

    if (batch == NULL)
        return report_failure(app, C2D_OS, NULL, "out of memory");
    batch->app = app;
    batch->settings = settings;
    batch->input.fd = batch->journal.fd = -1;
    app->parallel = (int)settings->parallel;
    app->dry_run_is_silent = true;
    batch_queue_init(&batch->queue);
    if (settings->rate != NULL && !parse_rate(settings->rate, &batch->interval_us))
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
    if (status == C2D_OK) {
        batch_progress_begin(&batch->progress, app);
        work(batch);
        batch_progress_erase(&batch->progress);
        status = verdict(batch);
    }
    status = worse(status, batch_journal_close(&batch->journal));
    batch_input_close(&batch->input);
    free(batch);
    return status;
}
