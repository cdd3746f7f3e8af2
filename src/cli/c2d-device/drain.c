#include "drain.h"

#include "../common/polling.h"
#include "../common/report.h"
#include "../common/signals.h"
#include "base/clock.h"
#include "base/json_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The first may be a repeated response; the second is a fault. */
enum { EARLY_DELIVERIES_MAX = 2 };

static void add_result(struct drain *drain, enum c2d_status status)
{
    drain->result = worse(drain->result, status);
}

/* ---- Results ---- */

void drain_report_result(const struct drain *drain, const struct disposition *disposition,
                         const char *message_id, const char *sequence_number, const char *settled)
{
    struct buf line;
    char *text;

    if (!drain->reports_results || disposition->handler_exit < 0)
        return;
    json_begin(&line);
    json_append_text(&line, "messageId", message_id);
    json_append_text(&line, "sequenceNumber", sequence_number);
    json_append_number(&line, "handlerExit", disposition->handler_exit);
    json_append_text(&line, "settled", settled);
    json_append_number(&line, "ms", disposition->ms);
    text = json_end(&line);
    report_line(text);
    free(text);
}

/* ---- Settling ---- */

/* True if an attempt without a response probably settled the message. A 412 before the lock expiry
 * has no other explanation. */
static bool is_probably_settled(const struct c2d_error *error, int64_t lock_expires_ms)
{
    return error->status == C2D_LOCK_LOST && error->earlier_try_unanswered
           && clock_monotonic_ms(NULL) < lock_expires_ms;
}

/* Reports how a settlement ended, unless it is certain that it succeeded. */
static void report_settlement(const struct drain *drain, const struct seen *seen,
                              const struct c2d_error *error, bool is_settled)
{
    const char *id = seen->message_id == NULL ? "" : seen->message_id;

    if (is_settled && error->status != C2D_OK)
        report_warning(
            drain->app,
            "message '%s' was probably settled by an attempt that got no response from the hub",
            id);
    else if (error->status == C2D_LOCK_LOST && error->earlier_try_unanswered)
        report_warning(drain->app,
                       "whether message '%s' was settled is in doubt: an attempt got no response "
                       "from the hub, and the lock has expired since; it may come again",
                       id);
    else if (error->status == C2D_LOCK_LOST && clock_monotonic_ms(NULL) < seen->lock_expires_ms)
        report_warning(
            drain->app,
            "the lock of message '%s' was lost before its expiry: the queue was purged, another "
            "program uses this device, or a proxy alters the ETag header; the message may come "
            "again",
            id);
    else if (error->status == C2D_LOCK_LOST)
        report_warning(drain->app,
                       "the lock of message '%s' was lost before it was settled: it may come again",
                       id);
    else if (error->status != C2D_OK)
        report_error(
            drain->app, error,
            &(struct subject) { c2d_client_device_id(drain->app->client), seen->message_id });
}

/* Settles a message and stores the result in seen. All settlements of a drain
 * are made here. */
static void settle(struct drain *drain, struct seen *seen, enum c2d_outcome outcome,
                   bool wants_next)
{
    struct c2d_error error;
    enum c2d_status status =
        receiver_settle(&drain->receiver, seen->lock_token, outcome, wants_next, &error);

    if (is_probably_settled(&error, seen->lock_expires_ms))
        status = C2D_OK;
    seen->settled = status == C2D_OK;
    report_settlement(drain, seen, &error, seen->settled);
    if (status != C2D_OK && status != C2D_LOCK_LOST)
        drain->hub_status = status;
    add_result(drain, status);
}

/* ---- Messages that may come again ---- */

int64_t drain_in_doubt_until_ms(const struct drain *drain, const struct c2d_message *message)
{
    const struct seen *seen = seen_find(&drain->seen, message);

    return seen != NULL && !seen->settled ? seen->lock_expires_ms : 0;
}

bool drain_has_settled(const struct drain *drain, const struct c2d_message *message)
{
    const struct seen *seen = seen_find(&drain->seen, message);

    return seen != NULL && seen->settled;
}

bool drain_has_unsettled(const struct drain *drain)
{
    const struct seen *seen = drain->seen.oldest;

    while (seen != NULL && seen->settled)
        seen = seen->newer;
    return seen != NULL;
}

static void report_result(const struct drain *drain, struct seen *seen, const char *settled)
{
    if (!seen->reported)
        drain_report_result(drain, &seen->disposition, seen->message_id, seen->sequence_number,
                            settled);
    seen->reported = true;
}

/* Abandons failed messages, and prints the result lines that are missing. A failed message is
 * abandoned only here, so once in a drain: the hub removes it at the tenth abandon. If the drain
 * takes longer than its lock, it is delivered again, and only its lock token is updated. */
static void finish_seen(struct drain *drain)
{
    for (struct seen *seen = drain->seen.oldest; seen != NULL; seen = seen->newer) {
        /* After an error of the hub, the others are left: each would cost a time-out. */
        if (seen->disposition.kind == DISPOSITION_ABANDON && !seen->settled && signals_caught() == 0
            && drain->hub_status == C2D_OK)
            settle(drain, seen, C2D_ABANDON, false);
        report_result(drain, seen, seen->settled ? "abandon" : "left");
    }
}

/* ---- The drain ---- */

static bool wants_more(const struct drain *drain)
{
    return drain->count == 0 || drain->received < drain->count;
}

/* Completes or rejects a processed message. Returns false if the drain ends here. */
static bool remove_message(struct drain *drain, struct seen *seen)
{
    bool completes = seen->disposition.kind == DISPOSITION_COMPLETE;

    settle(drain, seen, completes ? C2D_COMPLETE : C2D_REJECT, wants_more(drain));
    if (seen->settled)
        report_result(drain, seen, completes ? "complete" : "reject");
    return drain->hub_status == C2D_OK;
}

/* The hub, or a proxy, violates the rules of the queue. Another request might repeat that
 * endlessly. */
static bool fail_drain(struct drain *drain, const char *hint, const char *text)
{
    drain->hub_status = C2D_PROTOCOL;
    if (drain->reported != C2D_PROTOCOL)
        report_failure(drain->app, C2D_PROTOCOL, hint, "%s", text);
    add_result(drain, C2D_PROTOCOL);
    return false;
}

static bool fail_repeated(struct drain *drain, const struct seen *seen)
{
    char text[256];

    snprintf(text, sizeof text,
             "message '%s' was delivered %u times more before its lock could expire",
             seen->message_id == NULL ? "" : seen->message_id, seen->early_deliveries);
    return fail_drain(drain, "a proxy repeats responses, or another program abandons the message",
                      text);
}

/* Handles the repeated delivery of a message. A failed message only gets its new lock. A processed
 * one is settled again. Returns false if the drain ends here. */
static bool handle_again(struct drain *drain, struct seen *seen, const struct c2d_message *message)
{
    if (clock_monotonic_ms(NULL) < seen->lock_expires_ms
        && ++seen->early_deliveries == EARLY_DELIVERIES_MAX)
        return fail_repeated(drain, seen);
    if (!seen_renew_lock(seen, message))
        return true;
    return seen->disposition.kind == DISPOSITION_ABANDON
           || seen->disposition.kind == DISPOSITION_LEAVE || remove_message(drain, seen);
}

/* Handles the first delivery of a message. Returns false if the drain ends here. */
static bool handle_first(struct drain *drain, struct seen *seen, const struct c2d_message *message)
{
    drain->received++;
    seen->disposition =
        drain->process(drain->context, message, drain->received, message->lock_expires_ms);
    add_result(drain, seen->disposition.status);
    switch (seen->disposition.kind) {
    case DISPOSITION_COMPLETE:
    case DISPOSITION_REJECT:
        return remove_message(drain, seen);
    case DISPOSITION_ABANDON:
    case DISPOSITION_LEAVE:
        return true;
    case DISPOSITION_STOP:
        break;
    }
    return false;
}

/* Returns false if the drain ends here. */
static bool handle(struct drain *drain, const struct c2d_message *message)
{
    struct seen *seen = seen_find(&drain->seen, message);

    if (seen != NULL)
        return handle_again(drain, seen, message);
    /* Added before processing: without an entry, a repeated delivery would be processed again. */
    seen = seen_add(&drain->seen, message);
    if (seen != NULL)
        return handle_first(drain, seen, message);
    if (errno != ENOMEM)
        return fail_drain(drain, NULL, "the hub delivers more messages than a queue can hold");
    add_result(drain, report_failure(drain->app, C2D_OS, NULL, "out of memory"));
    return false;
}

/* An unreadable message stays in the queue, locked, and the drain continues after it. It is
 * reported only once. */
static void leave_unreadable(struct drain *drain, const struct c2d_error *error)
{
    const char *number = error->unreadable_sequence_number;
    size_t count = sizeof drain->unreadable / sizeof *drain->unreadable;
    bool is_known = false;

    for (size_t i = 0; i < count; i++)
        is_known = is_known || strcmp(drain->unreadable[i], number) == 0;
    if (!is_known) {
        snprintf(drain->unreadable[drain->unreadable_next++ % count], sizeof *drain->unreadable,
                 "%s", number);
        report_error(drain->app, error,
                     &(struct subject) { c2d_client_device_id(drain->app->client), NULL });
    }
    add_result(drain, C2D_PROTOCOL);
}

static void report_receive(struct drain *drain, const struct c2d_error *error)
{
    if (error->status == C2D_NO_MESSAGE)
        return;
    drain->hub_status = error->status;
    drain->filtered = polling_is_filtered(error);
    if (drain->reported != error->status)
        report_error(drain->app, error,
                     &(struct subject) { c2d_client_device_id(drain->app->client), NULL });
    add_result(drain, error->status);
}

/* Receives and handles one message. Returns false if the drain ends here. */
static bool take_next(struct drain *drain, size_t *unreadable)
{
    struct c2d_result result;
    const struct c2d_error *error = &result.error;
    bool goes_on = false;

    receiver_receive(&drain->receiver, &result);
    if (error->status == C2D_OK) {
        goes_on = handle(drain, result.message);
    } else if (error->unreadable_sequence_number[0] != '\0' && ++*unreadable < UNREADABLE_MAX) {
        leave_unreadable(drain, error);
        goes_on = true;
    } else {
        report_receive(drain, error);
    }
    c2d_message_free(result.message);
    return goes_on;
}

void drain_run(struct drain *drain)
{
    size_t unreadable = 0;
    bool goes_on = true;

    drain->started_at_s = (int64_t)time(NULL);
    drain->hub_status = C2D_OK;
    drain->filtered = false;
    receiver_start(&drain->receiver);
    while (goes_on && wants_more(drain))
        goes_on = take_next(drain, &unreadable);
    receiver_end(&drain->receiver);
    finish_seen(drain);
    if (drain->follow != NULL)
        add_result(drain, drain->follow(drain));
    seen_clear(&drain->seen);
}
