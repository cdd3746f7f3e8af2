/* feedback: reads the hub's delivery feedback, batch by batch. */
#include "../common/monotonic.h"
#include "../common/report.h"
#include "../common/session.h"
#include "../common/sink.h"
#include "../common/waiting.h"
#include "commands.h"

#include <stdlib.h>
#include <string.h>

enum { SAFE_MS = 55000 }; /* the lock is a minute, and the answer took its time */

struct settings {
    int64_t count, wait_ms, interval_ms;
    bool keep;
    const char *output;
};

#define AT(member) offsetof(struct settings, member)

static const struct option options[] = {
    { 'c', "count", "N", "stop after N records (batches are never split); 10 if none came",
      OPTION_NUMBER, AT(count), 1, INT32_MAX },
    { 0, "wait", "D", "when there is none, ask again until D has passed; 10 if none came",
      OPTION_DURATION, AT(wait_ms), 0, (int64_t)365 * 86400000 },
    { 0, "interval", "D", "how often to ask (10s)", OPTION_DURATION, AT(interval_ms), 100,
      (int64_t)86400000 },
    { 0, "keep", NULL, "print one batch and settle nothing: it comes again", OPTION_FLAG, AT(keep),
      0, 0 },
    { 'o', "output", "FILE", "append there; one collector per file", OPTION_TEXT, AT(output), 0,
      0 },
    { 0, NULL, NULL, NULL, OPTION_FLAG, 0, 0, 0 },
};

static void defaults(void *settings)
{
    ((struct settings *)settings)->interval_ms = 10000;
}

/* All records as lines in one piece, so that a batch is in the output whole or not at all. */
static char *batch_lines(const struct c2d_feedback *feedback, size_t *size)
{
    char *text = NULL;
    FILE *stream = open_memstream(&text, size);
    bool ok = stream != NULL;

    for (size_t i = 0; ok && i < feedback->record_count; i++) {
        char *line = c2d_feedback_to_json(feedback, i);

        ok = line != NULL && fprintf(stream, "%s\n", line) > 0;
        free(line);
    }
    if (stream != NULL)
        ok = fclose(stream) == 0 && ok;
    if (ok)
        return text;
    free(text);
    return NULL;
}

static enum c2d_status put_batch(const struct app *app, struct sink *sink,
                                 const struct c2d_feedback *feedback, int64_t deadline_ms)
{
    size_t size = 0;
    char *lines = batch_lines(feedback, &size);
    enum c2d_status status;

    if (lines == NULL)
        return report_failure(app, C2D_OS, NULL, "out of memory");
    status = sink_put(sink, app, lines, size, deadline_ms);
    free(lines);
    return status;
}

static enum c2d_status complete(const struct app *app, const struct c2d_feedback *feedback)
{
    struct c2d_error error;
    enum c2d_status status =
        c2d_feedback_settle(app->client, feedback->lock_token, C2D_COMPLETE, &error);

    if (status == C2D_LOCK_LOST)
        report_warning(app,
                       "a batch of %zu records is in the output, but its lock was lost: it "
                       "comes again",
                       feedback->record_count);
    else if (status != C2D_OK)
        report_error(app, &error, NULL);
    else if (error.earlier_try_unanswered)
        report_warning(app, "a batch was completed by a try that got no answer");
    return status;
}

/* Takes one batch; adds to *records. C2D_NO_MESSAGE, reported by the caller, when there is none. */
static enum c2d_status take_batch(const struct app *app, const struct settings *settings,
                                  struct sink *sink, int64_t *records)
{
    struct c2d_feedback *feedback = NULL;
    struct c2d_error error;
    enum c2d_status status = c2d_feedback_receive(app->client, &feedback, &error);

    /* The answer that was lost may have been a batch: "none" would be a guess (R6). */
    if (status == C2D_NO_MESSAGE && error.earlier_try_unanswered)
        return report_failure(app, C2D_NETWORK, "ask again in a minute",
                              "the answer to a request was lost: a batch may be locked for a "
                              "minute");
    if (status != C2D_OK)
        return status == C2D_NO_MESSAGE ? status : report_error(app, &error, NULL);
    *records += (int64_t)feedback->record_count;
    status = put_batch(app, sink, feedback, monotonic_ms() + SAFE_MS);
    if (status == C2D_OK && !settings->keep)
        status = complete(app, feedback);
    c2d_feedback_free(feedback);
    return status;
}

/* Until the hub has none, or enough came. A lost lock does not end the drain. */
static enum c2d_status drain(const struct app *app, const struct settings *settings,
                             struct sink *sink, int64_t *records)
{
    enum c2d_status result = C2D_OK;

    while (settings->count == 0 || *records < settings->count) {
        enum c2d_status status = take_batch(app, settings, sink, records);

        if (status == C2D_NO_MESSAGE)
            break;
        result = worse(result, status);
        /* With --keep one is all: each further request would lock a batch that nobody settles. */
        if ((status != C2D_OK && status != C2D_LOCK_LOST) || settings->keep)
            break;
    }
    return result;
}

static enum c2d_status collect(const struct app *app, const struct settings *settings,
                               struct sink *sink)
{
    struct waiting waiting = waiting_begin(settings->wait_ms, settings->interval_ms);
    int64_t records = 0;
    enum c2d_status status;

    do
        status = drain(app, settings, sink, &records);
    while (status == C2D_OK && records == 0 && waiting_next(&waiting));
    if (status == C2D_OK && records == 0 && (settings->count > 0 || settings->wait_ms > 0))
        status = report_failure(app, C2D_NO_MESSAGE, NULL, "no feedback came");
    return status;
}

static enum c2d_status run(struct app *app, void *arguments)
{
    const struct settings *settings = arguments;
    struct sink sink = { .fd = -1 };
    enum c2d_status status;

    if (app->word_count > 0)
        return report_usage(app, "feedback is the whole hub's: what is '%.60s'?", app->words[0]);
    status = session_open(app);
    /* Locked as long as we run: one collector a file (F4). */
    if (status == C2D_OK && !app->common.dry_run)
        status = sink_open(&sink, app, settings->output, true, true);
    if (status == C2D_OK)
        status = collect(app, settings, &sink);
    sink_close(&sink);
    return status;
}

const struct command feedback_command = {
    .name = "feedback",
    .arguments = "",
    .summary = "read what became of messages sent with --ack",
    .options = options,
    .settings_size = sizeof(struct settings),
    .defaults = defaults,
    .run = run,
};
