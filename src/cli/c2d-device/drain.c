#include "drain.h"

#include "../common/json_line.h"
#include "../common/monotonic.h"
#include "../common/report.h"
#include "../common/signals.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LOCK_MS = C2D_LOCK_S * 1000 };

/* A message that was dealt with and may come again within the drain, when its lock has lapsed: it
 * is not dealt with twice. One whose handler failed stays locked while the drain goes on to those
 * behind it, and is abandoned once, at the end: each abandon is one of ten, and the tenth destroys
 * it. */
struct seen {
    char *sequence_number, *enqueued_time; /* which message */
    char *lock_token;                      /* the newest */
    char *message_id;
    struct dealt dealt;
    bool settled, told;
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

/* The one place where a message is settled. False when the hub may still have it; *in_doubt: also
 * where it has said that it has not, since an earlier try got no answer. */
static bool settle(struct drain *drain, const char *lock_token, const char *message_id,
                   enum c2d_outcome outcome, bool *in_doubt)
{
    const char *id = message_id == NULL ? "" : message_id;
    struct c2d_error error;
    enum c2d_status status = c2d_settle(drain->app->client, lock_token, outcome, &error);

    *in_doubt = status != C2D_OK || error.earlier_try_unanswered;
    if (status == C2D_LOCK_LOST && error.attempts == 1 && monotonic_ms() < drain->lock_end_ms)
        report_warning(drain->app,
                       "the lock of message '%s' was lost before it was settled, though it cannot "
                       "have expired: was the queue purged, does another program use this device, "
                       "or does a proxy alter the ETag header? The message may come again",
                       id);
    else if (status == C2D_LOCK_LOST)
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
    return status == C2D_OK;
}

/* ---- Messages that may come again ---- */

static bool same(const char *a, const char *b)
{
    return (a == NULL && b == NULL) || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static struct seen *find_seen(const struct drain *drain, const struct c2d_message *message)
{
    /* Without a number messages cannot be told apart. */
    for (size_t i = 0; message->sequence_number != NULL && i < drain->seen_count; i++)
        if (same(drain->seen[i].sequence_number, message->sequence_number)
            && same(drain->seen[i].enqueued_time, message->enqueued_time))
            return &drain->seen[i];
    return NULL;
}

static char *copy(const char *text, bool *ok)
{
    char *out = text == NULL ? NULL : strdup(text);

    *ok = *ok && (text == NULL || out != NULL);
    return out;
}

static void seen_clear(struct seen *seen)
{
    free(seen->sequence_number);
    free(seen->enqueued_time);
    free(seen->lock_token);
    free(seen->message_id);
}

/* NULL without memory: then the message is only left, and comes again, uncounted. */
static struct seen *remember(struct drain *drain, const struct c2d_message *message,
                             const struct dealt *dealt)
{
    struct seen *longer = realloc(drain->seen, (drain->seen_count + 1) * sizeof *drain->seen);
    struct seen seen = { .dealt = *dealt };
    bool ok = true;

    if (longer == NULL)
        return NULL;
    drain->seen = longer;
    seen.sequence_number = copy(message->sequence_number, &ok);
    seen.enqueued_time = copy(message->enqueued_time, &ok);
    seen.lock_token = copy(message->lock_token, &ok);
    seen.message_id = copy(message->message_id, &ok);
    if (!ok) {
        seen_clear(&seen);
        return NULL;
    }
    drain->seen[drain->seen_count] = seen;
    return &drain->seen[drain->seen_count++];
}

bool drain_is_in_doubt(const struct drain *drain, const struct c2d_message *message)
{
    const struct seen *seen = find_seen(drain, message);

    return seen != NULL && !seen->settled;
}

/* Abandons what failed, and tells of all that has not been told yet. */
static void finish_seen(struct drain *drain)
{
    for (size_t i = 0; i < drain->seen_count; i++) {
        struct seen *seen = &drain->seen[i];
        bool in_doubt;

        /* A hub that cannot be asked has cost one time-out already: the others are only left. */
        if (seen->dealt.verdict == VERDICT_ABANDON && signals_caught() == 0 && drain->hub == C2D_OK)
            seen->settled =
                settle(drain, seen->lock_token, seen->message_id, C2D_ABANDON, &in_doubt);
        if (!seen->told)
            drain_tell_result(drain, &seen->dealt, seen->message_id, seen->sequence_number,
                              seen->settled ? "abandon" : "left");
    }
}

/* ---- The drain ---- */

/* Completes or rejects; seen is NULL at the first time. False when the drain ends here. */
static bool remove_message(struct drain *drain, const struct c2d_message *message,
                           const struct dealt *dealt, struct seen *seen)
{
    bool completes = dealt->verdict == VERDICT_COMPLETE, in_doubt;
    bool settled = settle(drain, message->lock_token, message->message_id,
                          completes ? C2D_COMPLETE : C2D_REJECT, &in_doubt);

    if (seen == NULL && in_doubt)
        seen = remember(drain, message, dealt);
    if (seen != NULL)
        seen->settled = settled;
    if (settled && (seen == NULL || !seen->told))
        drain_tell_result(drain, dealt, message->message_id, message->sequence_number,
                          completes ? "complete" : "reject");
    if (settled && seen != NULL)
        seen->told = true;
    return drain->hub == C2D_OK;
}

/* Its lock has lapsed in this same drain: what failed is held by the new lock, and what is done
 * needs no more than that. False when the drain ends here. */
static bool handle_again(struct drain *drain, struct seen *seen, const struct c2d_message *message)
{
    char *token;

    if (seen->dealt.verdict != VERDICT_ABANDON)
        return remove_message(drain, message, &seen->dealt, seen);
    token = strdup(message->lock_token);
    if (token == NULL)
        return true;
    free(seen->lock_token);
    seen->lock_token = token;
    return true;
}

/* False when the drain ends here. */
static bool handle(struct drain *drain, const struct c2d_message *message, int64_t deadline_ms)
{
    struct seen *seen = find_seen(drain, message);
    struct dealt dealt;

    drain->lock_end_ms = deadline_ms;
    if (seen != NULL)
        return handle_again(drain, seen, message);
    drain->received++;
    dealt = drain->deal(drain->context, message, drain->received, deadline_ms);
    note(drain, dealt.status);
    switch (dealt.verdict) {
    case VERDICT_COMPLETE:
    case VERDICT_REJECT:
        return remove_message(drain, message, &dealt, NULL);
    case VERDICT_ABANDON:
        if (remember(drain, message, &dealt) == NULL)
            drain_tell_result(drain, &dealt, message->message_id, message->sequence_number, "left");
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
    if (!drain->is_offline)
        report_error(drain->app, error,
                     &(struct subject) { c2d_client_device_id(drain->app->client), NULL });
    note(drain, error->status);
}

/* When the lock of a message lapses that was asked for at asked_ms, when the wall clock said
 * asked_s: by the clock that is not set. The message says when its last try left. */
static int64_t lock_end_ms(const struct c2d_message *message, int64_t asked_ms, int64_t asked_s)
{
    int64_t passed_ms = monotonic_ms() - asked_ms;
    int64_t tries_ms = (message->received_at_s - asked_s) * 1000;

    /* Past these bounds it was set in between. */
    if (tries_ms < 0 || tries_ms > passed_ms)
        tries_ms = tries_ms < 0 ? 0 : passed_ms;
    return asked_ms + tries_ms + LOCK_MS;
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
        int64_t asked_ms = monotonic_ms(), asked_s = (int64_t)time(NULL);
        enum c2d_status status = c2d_receive(drain->app->client, &message, &error);

        if (error.earlier_try_unanswered)
            drain->lost_at_ms = monotonic_ms();
        goes_on = status == C2D_OK;
        if (goes_on)
            goes_on = handle(drain, message, lock_end_ms(message, asked_ms, asked_s));
        else
            report_receive(drain, &error);
        c2d_message_free(message);
    }
    drain->lock_end_ms = 0; /* what is left has older locks */
    finish_seen(drain);
    if (drain->follow != NULL && signals_caught() == 0)
        note(drain, drain->follow(drain));
    drain_clear(drain);
}

void drain_clear(struct drain *drain)
{
    for (size_t i = 0; i < drain->seen_count; i++)
        seen_clear(&drain->seen[i]);
    free(drain->seen);
    drain->seen = NULL;
    drain->seen_count = 0;
}
