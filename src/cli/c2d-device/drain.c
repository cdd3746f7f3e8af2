#include "drain.h"

#include "../common/json_line.h"
#include "../common/monotonic.h"
#include "../common/report.h"
#include "../common/signals.h"

#include <stdlib.h>
#include <string.h>

enum { LOCK_MS = C2D_LOCK_S * 1000 };

/* A message whose handler failed. It stays locked while the drain goes on to those behind it, and
 * is abandoned once, at the end: each abandon is one of ten, and the tenth destroys the message. */
struct failed {
    char *sequence_number, *enqueued_time; /* which message */
    char *lock_token;                      /* the newest */
    char *message_id;
    struct dealt dealt;
};

static void note(struct drain *drain, enum c2d_status status)
{
    drain->result = worse(drain->result, status);
}

/* ---- Results ---- */

void drain_tell_result(const struct drain *drain, const struct dealt *dealt, const char *message_id,
                       const char *sequence_number, const char *settled)
{
    struct json_line line;
    char *text;

    if (!drain->tells_results || dealt->handler_exit < 0)
        return;
    json_begin(&line);
    json_text(&line, "messageId", message_id);
    json_text(&line, "sequenceNumber", sequence_number);
    json_number(&line, "handlerExit", dealt->handler_exit);
    json_text(&line, "settled", settled);
    json_number(&line, "ms", dealt->ms);
    text = json_end(&line);
    report_line(text);
    free(text);
}

/* ---- Settling ---- */

/* The one place where a message is settled. */
static enum c2d_status settle(struct drain *drain, const char *lock_token, const char *message_id,
                              enum c2d_outcome outcome)
{
    const char *id = message_id == NULL ? "" : message_id;
    struct c2d_error error;
    enum c2d_status status = c2d_settle(drain->app->client, lock_token, outcome, &error);

    if (status == C2D_LOCK_LOST)
        report_warning(drain->app,
                       "the lock of message '%s' was lost before it was settled: it may come again",
                       id);
    else if (status == C2D_OK && error.earlier_try_unanswered)
        report_warning(drain->app, "message '%s' was settled by a try that got no answer", id);
    else if (status != C2D_OK)
        report_error(drain->app, &error,
                     &(struct subject) { c2d_client_device_id(drain->app->client), message_id });
    if (status != C2D_OK && status != C2D_LOCK_LOST)
        drain->hub = status;
    note(drain, status);
    return status;
}

/* ---- Messages that failed ---- */

static bool same(const char *a, const char *b)
{
    return (a == NULL && b == NULL) || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static struct failed *find_failed(const struct drain *drain, const struct c2d_message *message)
{
    for (size_t i = 0; i < drain->failed_count; i++)
        if (same(drain->failed[i].sequence_number, message->sequence_number)
            && same(drain->failed[i].enqueued_time, message->enqueued_time))
            return &drain->failed[i];
    return NULL;
}

static char *copy(const char *text, bool *ok)
{
    char *out = text == NULL ? NULL : strdup(text);

    *ok = *ok && (text == NULL || out != NULL);
    return out;
}

static void failed_clear(struct failed *failed)
{
    free(failed->sequence_number);
    free(failed->enqueued_time);
    free(failed->lock_token);
    free(failed->message_id);
}

/* Without memory the message is only left: it comes again, uncounted. */
static void remember_failed(struct drain *drain, const struct c2d_message *message,
                            const struct dealt *dealt)
{
    struct failed *longer =
        realloc(drain->failed, (drain->failed_count + 1) * sizeof *drain->failed);
    struct failed failed = { .dealt = *dealt };
    bool ok = longer != NULL;

    drain->failed = ok ? longer : drain->failed;
    failed.sequence_number = copy(message->sequence_number, &ok);
    failed.enqueued_time = copy(message->enqueued_time, &ok);
    failed.lock_token = copy(message->lock_token, &ok);
    failed.message_id = copy(message->message_id, &ok);
    if (ok)
        drain->failed[drain->failed_count++] = failed;
    else
        failed_clear(&failed);
}

static void abandon_failed(struct drain *drain)
{
    for (size_t i = 0; i < drain->failed_count; i++) {
        struct failed *failed = &drain->failed[i];
        bool done = signals_caught() == 0
                    && settle(drain, failed->lock_token, failed->message_id, C2D_ABANDON) == C2D_OK;

        drain_tell_result(drain, &failed->dealt, failed->message_id, failed->sequence_number,
                          done ? "abandon" : "left");
        failed_clear(failed);
    }
    drain->failed_count = 0;
}

/* ---- The drain ---- */

/* Its lock has lapsed in this same drain: it is not handled twice, but held by the new lock. */
static void renew_lock(struct failed *failed, const struct c2d_message *message)
{
    char *token = strdup(message->lock_token);

    if (token == NULL)
        return;
    free(failed->lock_token);
    failed->lock_token = token;
}

/* False when the drain ends here. */
static bool handle(struct drain *drain, const struct c2d_message *message)
{
    struct failed *again = find_failed(drain, message);
    enum c2d_status status;
    struct dealt dealt;

    if (again != NULL) {
        renew_lock(again, message);
        return true;
    }
    drain->received++;
    dealt = drain->deal(drain->context, message, drain->received);
    note(drain, dealt.status);
    switch (dealt.verdict) {
    case VERDICT_COMPLETE:
    case VERDICT_REJECT:
        status = settle(drain, message->lock_token, message->message_id,
                        dealt.verdict == VERDICT_COMPLETE ? C2D_COMPLETE : C2D_REJECT);
        drain_tell_result(drain, &dealt, message->message_id, message->sequence_number,
                          status != C2D_OK                    ? "left"
                          : dealt.verdict == VERDICT_COMPLETE ? "complete"
                                                              : "reject");
        return status == C2D_OK || status == C2D_LOCK_LOST;
    case VERDICT_ABANDON:
        remember_failed(drain, message, &dealt);
        return true;
    case VERDICT_LEAVE:
        return true;
    case VERDICT_STOP:
        drain_tell_result(drain, &dealt, message->message_id, message->sequence_number, "left");
        break;
    }
    return false;
}

static void report_receive(struct drain *drain, const struct c2d_error *error)
{
    if (error->status == C2D_NO_MESSAGE)
        return;
    drain->hub = error->status;
    if (error->status != drain->told)
        report_error(drain->app, error,
                     &(struct subject) { c2d_client_device_id(drain->app->client), NULL });
    note(drain, error->status);
}

void drain_run(struct drain *drain)
{
    bool goes_on = true;

    /* What a lost answer may have locked has come back by now. */
    if (monotonic_ms() - drain->lost_at_ms > LOCK_MS)
        drain->lost_at_ms = 0;
    drain->hub = C2D_OK;
    while (goes_on && (drain->count == 0 || drain->received < drain->count)) {
        struct c2d_message *message = NULL;
        struct c2d_error error;
        enum c2d_status status = c2d_receive(drain->app->client, &message, &error);

        if (error.earlier_try_unanswered)
            drain->lost_at_ms = monotonic_ms();
        goes_on = status == C2D_OK;
        if (goes_on)
            goes_on = handle(drain, message);
        else
            report_receive(drain, &error);
        c2d_message_free(message);
    }
    abandon_failed(drain);
    if (drain->follow != NULL && signals_caught() == 0)
        note(drain, drain->follow(drain));
}

void drain_clear(struct drain *drain)
{
    for (size_t i = 0; i < drain->failed_count; i++)
        failed_clear(&drain->failed[i]);
    free(drain->failed);
    drain->failed = NULL;
    drain->failed_count = 0;
}
