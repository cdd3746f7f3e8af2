/* The rhythm of send --wait, and what it says. Whoever reads the queue appends all of it to the
 * log, for the others, and finds its own record in what it took: the log may have been rotated. */
#include "wait.h"

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
    LOOK_MS = 500,   /* how often the log is read, or more often where the hub is asked so */
    GRACE_MS = 5000, /* for what the queue holds when the time is up */
    SKEW_MS = 2000,  /* between the machines of a hub; a Date counts whole seconds */
};

static bool text_is(const char *line, const char *key, const char *wanted)
{
    char *text = json_in_text(line, key);
    bool is = text != NULL && strcmp(text, wanted) == 0;

    free(text);
    return is;
}

/* Is the record that of an earlier message with the same id? A record has the time of its outcome,
 * by the hub's clock, and the outcome of our message came after the send began. What cannot be
 * known: whose record it is if an earlier message still waited when this one was sent, or if the
 * hub left out the time of the record or its Date. */
static bool is_earlier(const struct wait *wait, const char *line)
{
    char *text = json_in_text(line, "enqueuedTimeUtc");
    int64_t ms;
    bool is = wait->began_ms != 0 && c2d_time_parse(text, &ms) && ms < wait->began_ms - SKEW_MS;

    free(text);
    return is;
}

/* Keeps the first record that is ours. */
static void match(void *context, const char *line)
{
    struct wait *wait = context;

    if (wait->record != NULL || wait->log_errno != 0)
        return;
    errno = 0;
    if (text_is(line, "originalMessageId", wait->subject.message_id)
        && text_is(line, "deviceId", wait->subject.device_id) && !is_earlier(wait, line))
        wait->record = strdup(line);
    if (errno == ENOMEM)
        wait->log_errno = errno;
}

enum c2d_status wait_open(struct wait *wait, const struct app *app, const char *path)
{
    struct stat file;
    enum c2d_status status;

    *wait = (struct wait) { .collector = { .app = app, .sink.fd = -1, .on_record = match },
                            .tail.fd = -1 };
    /* A pipe would not even open before it has a reader. */
    if (stat(path, &file) == 0 && !S_ISREG(file.st_mode))
        return report_failure(app, STATUS_CANT_CREATE, NULL,
                              "feedback log '%s' is no regular file: it must be read again", path);
    status = sink_open(&wait->collector.sink, app, path, true, SINK_WAITS);
    if (status == C2D_OK && !tail_open(&wait->tail, path))
        status = report_failure(app, C2D_OS, NULL, "feedback log '%s': %s", path, strerror(errno));
    return status;
}

/* Looks whether the record has come: in a batch that we took, or in the log. */
static bool find(struct wait *wait)
{
    const char *line;

    while (wait->record == NULL && wait->log_errno == 0 && (line = tail_next(&wait->tail)) != NULL)
        match(wait, line);
    if (wait->record == NULL && wait->log_errno == 0)
        wait->log_errno = errno;
    return wait->record != NULL;
}

/* Takes batch after batch off the hub's queue, if that is ours to read, until the record is among
 * them, or end_ms has passed: others may fill it faster. What goes wrong is kept in trouble. */
static enum c2d_status ask(struct wait *wait, struct app *app, int64_t end_ms)
{
    enum c2d_status status;

    wait->trouble = (struct c2d_error) { 0 };
    app->held = &wait->trouble;
    do
        status = collector_take(&wait->collector);
    while ((status == C2D_OK || status == C2D_LOCK_LOST) && !find(wait)
           && clock_monotonic_ms(NULL) < end_ms);
    app->held = NULL;
    return status == C2D_NO_MESSAGE ? C2D_OK : status;
}

static void warn_of_trouble(const struct wait *wait)
{
    if (wait->trouble.status != C2D_OK)
        report_warning(wait->collector.app, "the feedback queue could not be read to its end: %s",
                       wait->trouble.text);
}

/* The hub has the message: no failure behind that may read as if it had not. */
static enum c2d_status fail_unknown(const struct wait *wait, enum c2d_status status,
                                    const char *reason)
{
    struct c2d_error error = wait->trouble;

    error.status = status;
    error.retryable = false; /* the same again would send it twice */
    snprintf(error.text, sizeof error.text,
             "message '%s' was accepted by the hub, its outcome is unknown: %.300s",
             wait->subject.message_id, reason);
    return report_error(wait->collector.app, &error, &wait->subject);
}

/* No error: but who ends us wants to know it, too. */
static enum c2d_status end_by_signal(const struct wait *wait)
{
    report_warning(wait->collector.app,
                   "message '%s' was accepted by the hub, its outcome is unknown",
                   wait->subject.message_id);
    return C2D_CANCELLED;
}

static enum c2d_status fail_time(struct wait *wait)
{
    const char *reason = "no feedback on it came in time";
    char *word = text_shell_word(wait->tail.path);

    if (wait->trouble.status != C2D_OK)
        reason = wait->trouble.text;
    else if (wait->collector.lost_at_ms != 0)
        reason = "the answer to a request was lost, feedback may be locked for a minute";
    snprintf(wait->trouble.hint, sizeof wait->trouble.hint,
             "it may still come: c2d-http feedback -o %.80s; or another reader of the hub's "
             "queue took it: a feedback without that -o, or one on another machine",
             word != NULL ? word : "FILE");
    free(word);
    return fail_unknown(wait, C2D_TIMEOUT, reason);
}

/* The status that an outcome is; C2D_TIMEOUT for a word that is not known, as the message may have
 * arrived all the same. */
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

/* Says what the record says, NULL for an outcome that it does not have. */
static enum c2d_status judge(struct wait *wait, const char *outcome)
{
    struct c2d_error error = { .status = outcome == NULL ? C2D_TIMEOUT : status_of(outcome) };
    char reason[128] = "its feedback record does not say it";

    if (error.status == C2D_OK)
        return C2D_OK;
    if (error.status == STATUS_NEGATIVE) {
        snprintf(error.text, sizeof error.text,
                 "message '%s' was not completed by device '%s': %.60s", wait->subject.message_id,
                 wait->subject.device_id, outcome);
        return report_error(wait->collector.app, &error, &wait->subject);
    }
    if (outcome != NULL)
        snprintf(reason, sizeof reason,
                 "its feedback record says '%.60s', a word that is not known", outcome);
    wait->trouble = (struct c2d_error) { 0 }; /* an earlier one is over: the record came */
    return fail_unknown(wait, C2D_TIMEOUT, reason);
}

static enum c2d_status tell(struct wait *wait)
{
    const struct app *app = wait->collector.app;
    char *outcome = json_in_text(wait->record, "statusCode");
    bool out_of_memory = outcome == NULL && errno == ENOMEM;
    enum c2d_status status = app->common.quiet ? C2D_OK : output_line(app, wait->record);

    if (out_of_memory)
        return fail_unknown(wait, C2D_OS, "out of memory");
    status = worse(status, judge(wait, outcome));
    free(outcome);
    return status;
}

enum c2d_status wait_for(struct wait *wait, struct app *app, const struct subject *subject,
                         int64_t wait_ms)
{
    struct polling polling = { .app = app, .interval_ms = wait->interval_ms };
    struct waiting waiting =
        waiting_begin(wait_ms, wait->interval_ms < LOOK_MS ? wait->interval_ms : LOOK_MS);
    int64_t ask_at_ms = clock_monotonic_ms(NULL) + waiting_jittered(wait->interval_ms), delay_ms;

    wait->subject = *subject;
    wait->collector.context = wait;
    while (!find(wait) && wait->log_errno == 0 && waiting_next(&waiting)) {
        enum c2d_status status, told = polling.reported;

        if (!waiting.was_last && clock_monotonic_ms(NULL) < ask_at_ms)
            continue;
        status = ask(wait, app, waiting.end_ms + GRACE_MS);
        polling.filtered = wait->collector.filtered;
        delay_ms = polling_next(&polling, status, wait->collector.hub, false);
        ask_at_ms = clock_monotonic_ms(NULL) + delay_ms;
        if (!find(wait) && status == C2D_CANCELLED)
            break;
        if (!find(wait) && delay_ms < 0)
            return fail_unknown(wait, status, wait->trouble.text);
        if ((polling.reported != told || delay_ms < 0)
            && (wait->record != NULL || !waiting.was_last))
            warn_of_trouble(wait);
    }
    if (wait->record != NULL)
        return tell(wait);
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
}
