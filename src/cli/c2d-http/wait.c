/* The polling and the reports of send --wait. The process that reads the queue appends all records
 * to the log, for the others. It looks for its own record in the batches that it received, as the
 * log may have been rotated. */
#include "wait.h"

#include "../common/failure.h"
#include "../common/json_in.h"
#include "../common/output.h"
#include "../common/polling.h"
#include "../common/signals.h"
#include "../common/waiting.h"
#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    LOG_POLL_MS = 500, /* how often the log is read; at least as often as the hub is polled */
    GRACE_MS = 5000,   /* for reading the queue to its end after the time-out */
    SKEW_MS = 2000,    /* between a hub's machines; a Date has whole seconds */
};

static bool text_is(const struct cJSON *fields, const char *key, const char *wanted)
{
    const char *text = json_in_member(fields, key);

    return text != NULL && strcmp(text, wanted) == 0;
}

/* True if the record belongs to an earlier message with the same id. A record has the time of its
 * outcome by the hub's clock, and our outcome is later than the start of the send. This does not
 * detect an earlier message that was still queued at the send. Neither does it work if the hub
 * omits the time of the record or its Date. */
static bool is_earlier(const struct wait *wait, const struct cJSON *fields)
{
    int64_t ms;

    return wait->started_ms != 0 && c2d_time_parse(json_in_member(fields, "enqueuedTimeUtc"), &ms)
           && ms < wait->started_ms - SKEW_MS;
}

/* True if the line may hold the message id. Each waiter reads the records of all others, and to
 * parse them takes much longer. The id may be escaped if another program has written the line. */
static bool may_match(const struct wait *wait, const char *line)
{
    return strstr(line, wait->subject.message_id) != NULL || strchr(line, '\\') != NULL;
}

/* Stores the first record of our message. */
static void match(void *context, const char *line)
{
    struct wait *wait = context;
    struct cJSON *fields;

    if (wait->record != NULL || wait->log_errno != 0 || !may_match(wait, line))
        return;
    fields = json_in_parse(line);
    if (text_is(fields, "originalMessageId", wait->subject.message_id)
        && text_is(fields, "deviceId", wait->subject.device_id) && !is_earlier(wait, fields)) {
        wait->record = strdup(line);
        wait->fields = fields;
        fields = NULL;
    }
    if (errno == ENOMEM)
        wait->log_errno = errno;
    json_in_free(fields);
}

enum c2d_status wait_open(struct wait *wait, const struct app *app, const char *path,
                          struct c2d_error *error)
{
    struct stat file;
    enum c2d_status status;

    *wait = (struct wait) {
        .collector = { .app = app,
                       .receiver = { .app = app, .action = C2D_ACTION_FEEDBACK },
                       .sink = { .app = app,
                                 .path = path,
                                 .heals = true,
                                 .use = SINK_WAITS,
                                 .fd = -1 },
                       .on_record = match },
        .tail.fd = -1,
    };
    /* Checked before opening: to open a pipe blocks until it has a reader. */
    if (stat(path, &file) == 0 && !S_ISREG(file.st_mode))
        return fail(error, STATUS_CANT_CREATE,
                    "feedback log '%s' is no regular file: it must be read again", path);
    status = sink_open(&wait->collector.sink, error);
    if (status == C2D_OK && !tail_open(&wait->tail, path))
        status = fail(error, C2D_OS, "feedback log '%s': %s", path, strerror(errno));
    return status;
}

/* True if the record was found, in a batch that we received or in the log. */
static bool find(struct wait *wait)
{
    const char *line;

    while (wait->record == NULL && wait->log_errno == 0 && (line = tail_next(&wait->tail)) != NULL)
        match(wait, line);
    if (wait->record == NULL && wait->log_errno == 0)
        wait->log_errno = errno;
    return wait->record != NULL;
}

/* Receives batches until the record is found, the queue is empty or end_ms has passed. Does nothing
 * if another process reads the queue. end_ms is needed as the queue may fill faster than it is
 * read. Stores an error in trouble. */
static enum c2d_status poll_hub(struct wait *wait, int64_t end_ms)
{
    enum c2d_status status;

    wait->trouble = (struct c2d_error) { 0 };
    do
        status = collector_take(&wait->collector, &wait->trouble);
    while ((status == C2D_OK || status == C2D_LOCK_LOST) && !find(wait)
           && clock_monotonic_ms(NULL) < end_ms);
    return status == C2D_NO_MESSAGE ? C2D_OK : status;
}

static void warn_of_trouble(const struct wait *wait)
{
    if (wait->trouble.status != C2D_OK)
        report_warning(wait->collector.app, "the feedback queue could not be read to its end: %s",
                       wait->trouble.text);
}

/* Reports that the hub accepted the message, so that no later error reads like a failed send. */
static enum c2d_status fail_unknown(const struct wait *wait, enum c2d_status status,
                                    const char *reason)
{
    struct c2d_error error = wait->trouble;

    error.status = status;
    error.retryable = false; /* repeating the command would send the message twice */
    snprintf(error.text, sizeof error.text,
             "message '%s' was accepted by the hub, its outcome is unknown: %.300s",
             wait->subject.message_id, reason);
    return report_error(wait->collector.app, &error, &wait->subject);
}

/* A signal is not an error, but the user must learn that the message was sent. */
static enum c2d_status end_by_signal(const struct wait *wait)
{
    report_warning(wait->collector.app,
                   "message '%s' was accepted by the hub, its outcome is unknown",
                   wait->subject.message_id);
    return C2D_CANCELLED;
}

static enum c2d_status fail_time(struct wait *wait)
{
    const char *reason = "no feedback on it arrived in time";
    char *word = text_shell_word(wait->tail.path);

    if (wait->trouble.status != C2D_OK)
        reason = wait->trouble.text;
    else if (wait->collector.receiver.lost_at_ms != 0)
        reason = "a request got no response from the hub, feedback may be locked for a minute";
    snprintf(wait->trouble.hint, sizeof wait->trouble.hint,
             "it may still arrive: run c2d-http feedback -o %.80s; or another reader of the hub's "
             "queue received it: a feedback without that -o, or one on another machine",
             word != NULL ? word : "FILE");
    free(word);
    return fail_unknown(wait, C2D_TIMEOUT, reason);
}

/* Returns the exit status for an outcome. C2D_TIMEOUT for an unknown word: the message may have
 * been delivered. */
static enum c2d_status status_of(const char *outcome)
{
    static const char *const negative[] = { "Expired", "DeliveryCountExceeded", "Rejected",
                                            "Purged" };

    if (text_equals_nocase(outcome, "Success"))
        return C2D_OK;
    for (size_t i = 0; i < sizeof negative / sizeof *negative; i++)
        if (text_equals_nocase(outcome, negative[i]))
            return STATUS_NEGATIVE;
    return C2D_TIMEOUT;
}

/* Reports the outcome of the record, which is NULL if the record has none. */
static enum c2d_status report_outcome(struct wait *wait, const char *outcome)
{
    struct c2d_error error = { .status = outcome == NULL ? C2D_TIMEOUT : status_of(outcome) };
    char reason[128] = "its feedback record has no outcome";

    if (error.status == C2D_OK)
        return C2D_OK;
    if (error.status == STATUS_NEGATIVE) {
        snprintf(error.text, sizeof error.text,
                 "message '%s' was not completed by device '%s': %.60s", wait->subject.message_id,
                 wait->subject.device_id, outcome);
        return report_error(wait->collector.app, &error, &wait->subject);
    }
    if (outcome != NULL)
        snprintf(reason, sizeof reason, "its feedback record has the unknown outcome '%.60s'",
                 outcome);
    wait->trouble = (struct c2d_error) { 0 }; /* an earlier error no longer matters */
    return fail_unknown(wait, C2D_TIMEOUT, reason);
}

static enum c2d_status print_record(struct wait *wait)
{
    const struct app *app = wait->collector.app;
    struct c2d_error error = { 0 };
    enum c2d_status status = app->common.quiet ? C2D_OK : output_line(app, wait->record, &error);

    report_unprinted(app, status, &error, &wait->subject, "message '%.128s' has feedback",
                     wait->subject.message_id);
    return worse(status, report_outcome(wait, json_in_member(wait->fields, "statusCode")));
}

enum c2d_status wait_for(struct wait *wait, const struct subject *subject)
{
    struct polling polling = { .app = wait->collector.app, .interval_ms = wait->interval_ms };
    struct waiting waiting = waiting_begin(
        wait->wait_ms, wait->interval_ms < LOG_POLL_MS ? wait->interval_ms : LOG_POLL_MS);
    int64_t poll_at_ms = clock_monotonic_ms(NULL) + waiting_jittered(wait->interval_ms), delay_ms;

    wait->subject = *subject;
    wait->collector.context = wait;
    while (!find(wait) && wait->log_errno == 0 && waiting_next(&waiting)) {
        enum c2d_status status, reported = polling.reported;

        if (!waiting.was_last && clock_monotonic_ms(NULL) < poll_at_ms)
            continue;
        status = poll_hub(wait, waiting.end_ms + GRACE_MS);
        polling.filtered = wait->collector.filtered;
        delay_ms = polling_next(&polling, status, wait->collector.hub_status, false);
        poll_at_ms = clock_monotonic_ms(NULL) + delay_ms;
        if (!find(wait) && status == C2D_CANCELLED)
            break;
        if (!find(wait) && delay_ms < 0)
            return fail_unknown(wait, status, wait->trouble.text);
        if ((polling.reported != reported || delay_ms < 0)
            && (wait->record != NULL || !waiting.was_last))
            warn_of_trouble(wait);
    }
    if (wait->record != NULL)
        return print_record(wait);
    if (wait->log_errno != 0)
        return fail_unknown(wait, wait->log_errno == ENOMEM ? C2D_OS : STATUS_IO,
                            strerror(wait->log_errno));
    return signals_caught() != 0 ? end_by_signal(wait) : fail_time(wait);
}

void wait_close(struct wait *wait)
{
    sink_close(&wait->collector.sink);
    tail_close(&wait->tail);
    free(wait->record);
    json_in_free(wait->fields);
}
