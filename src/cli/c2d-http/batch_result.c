#include "batch_result.h"

#include "../common/output.h"
#include "../common/report.h"
#include "../common/signals.h"
#include "base/json_write.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- One line ---- */

static const char *message_id_of(const struct batch_item *item)
{
    if (item->outgoing == NULL)
        return item->message_id;
    return item->outgoing->message.message_id != NULL ? item->outgoing->message.message_id
                                                      : item->entry.id;
}

static enum c2d_status print_line(const struct app *app, const struct batch_item *item,
                                  const char *outcome, const struct c2d_error *result,
                                  struct c2d_error *error)
{
    char *error_json = result->status != C2D_OK ? report_error_json(app, result) : NULL;
    struct buf line;

    json_begin(&line);
    json_append_number(&line, "line", item->line);
    json_append_text(&line, "deviceId", item->device_id);
    json_append_text(&line, "messageId", message_id_of(item));
    json_append_text(&line, "status", outcome);
    json_append_bool(&line, "maybeDuplicate",
                     result->earlier_try_unanswered || item->entry.is_doubtful);
    json_append_number(&line, "attempts", result->attempts);
    json_append_member(&line, "error", error_json);
    free(error_json);
    return output_object(app, &line, error);
}

static void set_cause(struct batch_cause *cause, const struct batch_item *item,
                      const struct c2d_error *error)
{
    const char *message_id = message_id_of(item);

    cause->error = *error;
    cause->line = item->line;
    snprintf(cause->device_id, sizeof cause->device_id, "%s",
             item->device_id == NULL ? "" : item->device_id);
    snprintf(cause->message_id, sizeof cause->message_id, "%s",
             message_id == NULL ? "" : message_id);
}

static void count_failure(struct batch_results *results, const struct batch_item *item,
                          const char *outcome, const struct c2d_error *error)
{
    struct batch_cause *ended = &results->ended;

    results->failed++;
    results->in_doubt +=
        strcmp(outcome, "unknown") == 0 || error->earlier_try_unanswered || item->entry.is_doubtful;
    results->unsendable += error->status == C2D_DATA || error->status == C2D_TOO_LARGE;
    if (results->first_failure == C2D_OK)
        results->first_failure = error->status;
    if (strcmp(outcome, "skipped") == 0)
        return;
    if (results->first.line == 0)
        set_cause(&results->first, item, error);
    if (ended->line == 0 && ended->error.status == error->status)
        set_cause(ended, item, error);
}

enum c2d_status batch_result_add(struct batch_results *results, const struct batch_item *item,
                                 const char *outcome, const struct c2d_error *result,
                                 struct c2d_error *error)
{
    bool is_enqueued = strcmp(outcome, "enqueued") == 0;
    enum c2d_status status;

    results->requested += result->attempts > 0;
    results->enqueued += is_enqueued;
    results->done_before += is_enqueued && item->entry.is_done;
    if (!is_enqueued)
        count_failure(results, item, outcome, result);
    if (results->output_failed || (is_enqueued && results->app->common.quiet))
        return C2D_OK;
    status = print_line(results->app, item, outcome, result, error);
    results->output_failed = status != C2D_OK;
    return status;
}

enum c2d_status batch_result_skip(struct batch_results *results, const struct batch_item *item,
                                  struct c2d_error *error)
{
    const struct c2d_error *ended = &results->ended.error;
    struct c2d_error result = { .status = C2D_CANCELLED };

    if (ended->status == C2D_OK || signals_caught() != 0) {
        snprintf(result.text, sizeof result.text, "not sent: the batch was stopped");
    } else {
        result.status = ended->status;
        snprintf(result.text, sizeof result.text, "not sent: the batch ended: %.400s", ended->text);
    }
    return batch_result_add(results, item, "skipped", &result, error);
}

/* ---- All lines ---- */

__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size,
                                                         const char *format, ...)
{
    size_t used = strlen(text);
    va_list args;

    va_start(args, format);
    vsnprintf(text + used, size - used, format, args);
    va_end(args);
}

/* Appends "3 of the 10 lines read were not sent, and 2 are in doubt, and the rest of x was not
 * read". */
static void describe_counts(const struct batch_results *results, const char *unread, char *text,
                            size_t size)
{
    long long not_sent = results->failed - results->in_doubt;
    long long read = results->enqueued + results->failed;

    if (not_sent > 0 || results->in_doubt == 0)
        append(text, size, "%lld of the %lld lines read %s", not_sent, read,
               results->app->common.dry_run ? "cannot be sent" : "were not sent");
    if (not_sent > 0 && results->in_doubt > 0)
        append(text, size, ", and %lld are in doubt", results->in_doubt);
    else if (results->in_doubt > 0)
        append(text, size, "%lld of the %lld lines read are in doubt", results->in_doubt, read);
    if (unread != NULL)
        append(text, size, ", and the rest of %.200s was not read", unread);
}

/* Appends "; line 4, device 'dev1': QUEUE_FULL: ...". */
static void describe_cause(const struct batch_cause *cause, enum c2d_status status, char *text,
                           size_t size)
{
    append(text, size, "; ");
    if (cause->line != 0 && *cause->device_id == '\0')
        append(text, size, "line %lld: ", cause->line);
    else if (cause->line != 0)
        append(text, size, "line %lld, device '%s': ", cause->line, cause->device_id);
    if (cause->error.status != status)
        append(text, size, "%s: ", status_name(cause->error.status));
    append(text, size, "%s", cause->error.text);
}

/* Appends the next step to the hint of the cause, if both fit. */
static void add_advice(const struct batch_results *results, bool has_journal,
                       struct c2d_error *error)
{
    const char *advice =
        results->app->common.dry_run || results->unsendable == results->failed
            ? "correct these lines; the results name them"
        : has_journal ? "run the same command again: with its journal it sends only the others"
                      : "send the lines again whose result is not 'enqueued' (a batch with "
                        "--journal FILE does that when it is run again)";

    /* If results are missing, only a journal says which lines to send again. */
    if (results->output_failed && !has_journal)
        return;
    if (strlen(error->hint) + strlen(advice) + 3 < sizeof error->hint)
        append(error->hint, sizeof error->hint, "%s%s", *error->hint == '\0' ? "" : "; ", advice);
}

void batch_result_report(const struct batch_results *results, enum c2d_status status,
                         const char *unread, bool has_journal)
{
    bool has_ended = results->ended.error.status != C2D_OK;
    const struct batch_cause *cause = has_ended ? &results->ended : &results->first;
    struct c2d_error error = cause->error;
    struct subject subject = { *cause->device_id != '\0' ? cause->device_id : NULL,
                               *cause->message_id != '\0' ? cause->message_id : NULL };

    if (results->failed == 0) {
        report_summary(results->app, &error, NULL);
        return;
    }
    error.status = signals_caught() != 0 ? C2D_CANCELLED : status;
    error.text[0] = '\0';
    describe_counts(results, unread, error.text, sizeof error.text);
    if (error.status == C2D_CANCELLED)
        append(error.text, sizeof error.text, "; stopped by a signal");
    if (cause->error.status != C2D_OK)
        describe_cause(cause, error.status, error.text, sizeof error.text);
    add_advice(results, has_journal, &error);
    report_summary(results->app, &error, &subject);
}
