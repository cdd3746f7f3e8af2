#include "receiver.h"

#include "report.h"
#include "stop.h"

#include "base/clock.h"

#include <stdio.h>

enum {
    LOCK_MS = C2D_LOCK_S * 1000,
    LOCK_LEFT_MS = LOCK_MS / 2, /* with less, what had to wait for a settlement is put back */
    SETTLED_MIN = 2,            /* most queues are shorter */
    FAR_MS = 40,                /* nearer, a second handshake costs more than it saves */
    END_MS = 5000,              /* how long the end of a drain waits for a receive */
};

/* ---- The receive during a settlement ---- */

/* Opening the second connection delays one message by a handshake less a round trip. After that,
 * each message takes a round trip less. How many will come is not known: it is opened when as many
 * have come as would have paid for it. */
static bool overlap_pays(const struct receiver *receiver)
{
    int64_t handshake_ms = receiver->first_ms - receiver->round_trip_ms;

    return receiver->settled >= SETTLED_MIN && receiver->round_trip_ms >= FAR_MS
           && (receiver->settled + 1) * receiver->round_trip_ms >= handshake_ms;
}

static void begin_receive(struct receiver *receiver)
{
    struct c2d_request request = { .action = receiver->action };

    /* If out of memory, the next one is received later. */
    if (!receiver->is_pending && overlap_pays(receiver) && !stop_is_due())
        receiver->is_pending = c2d_submit(receiver->app->client, &request, NULL) == C2D_OK;
}

static void settle(const struct receiver *receiver, const char *lock_token,
                   enum c2d_outcome outcome, struct c2d_error *error)
{
    if (receiver->action == C2D_ACTION_RECEIVE)
        c2d_settle(receiver->app->client, lock_token, outcome, error);
    else
        c2d_feedback_settle(receiver->app->client, lock_token, outcome, error);
}

static void receive(struct receiver *receiver, struct c2d_result *result)
{
    *result = (struct c2d_result) { .action = receiver->action };
    if (receiver->action == C2D_ACTION_RECEIVE)
        c2d_receive(receiver->app->client, &result->message, &result->error);
    else
        c2d_feedback_receive(receiver->app->client, &result->feedback, &result->error);
}

static void discard(struct c2d_result *result)
{
    c2d_message_free(result->message);
    c2d_feedback_free(result->feedback);
    result->message = NULL;
    result->feedback = NULL;
}

/* Frees what was received, and is locked until a minute has passed. */
static void leave(struct receiver *receiver, struct c2d_result *result)
{
    const struct c2d_message *message = result->message;

    if (message != NULL)
        report_warning(receiver->app,
                       "message '%s' was received, but not handled: it comes again in a minute",
                       message->message_id == NULL ? "" : message->message_id);
    else if (result->feedback != NULL)
        report_warning(receiver->app,
                       "a batch of %zu records was received, but not handled: it comes again in a "
                       "minute",
                       result->feedback->record_count);
    receiver->lost_at_ms = clock_monotonic_ms(NULL);
    discard(result);
}

/* Abandons what was received, so that the hub delivers it next. Returns false if that fails; then
 * result has the error. */
static bool put_back(struct receiver *receiver, struct c2d_result *result)
{
    bool is_batch = result->feedback != NULL;

    settle(receiver, is_batch ? result->feedback->lock_token : result->message->lock_token,
           C2D_ABANDON, &result->error);
    if (result->error.status != C2D_OK && result->error.status != C2D_LOCK_LOST) {
        leave(receiver, result);
        return false;
    }
    discard(result);
    return true;
}

static bool is_old(const struct c2d_result *result)
{
    int64_t expires_ms = result->message != NULL ? result->message->lock_expires_ms
                                                 : result->feedback->lock_expires_ms;

    return expires_ms - clock_monotonic_ms(NULL) < LOCK_LEFT_MS;
}

/* Takes the result of the receive that was started during a settlement. What cannot be handled
 * before its lock expires, or because the program stops, is put back and received again. */
static void take_pending(struct receiver *receiver, struct c2d_result *result)
{
    bool had_to_wait = c2d_wait(receiver->app->client, 0, result);

    if (!had_to_wait && !c2d_wait(receiver->app->client, -1, result))
        receive(receiver, result);
    receiver->is_pending = false;
    if (result->error.status == C2D_OK && (stop_is_due() || (had_to_wait && is_old(result)))
        && put_back(receiver, result))
        receive(receiver, result); /* ends at once if the program stops */
}

/* ---- A drain ---- */

void receiver_start(struct receiver *receiver)
{
    receiver->settled = 0;
    receiver->round_trip_ms = 0;
}

/* The first receive opens the connection. */
static void receive_first(struct receiver *receiver, struct c2d_result *result)
{
    int64_t started_ms = clock_monotonic_ms(NULL);

    receive(receiver, result);
    receiver->is_begun = true;
    if (result->error.attempts == 1
        && (result->error.status == C2D_OK || result->error.status == C2D_NO_MESSAGE))
        receiver->first_ms = clock_monotonic_ms(NULL) - started_ms;
}

enum c2d_status receiver_receive(struct receiver *receiver, struct c2d_result *result)
{
    /* Watches the reader of stdout again: if it has gone, the receive is cancelled. */
    stop_resume_watch();
    /* By now the hub has released what a lost response locked. */
    if (clock_monotonic_ms(NULL) - receiver->lost_at_ms > LOCK_MS)
        receiver->lost_at_ms = 0;
    if (receiver->is_pending)
        take_pending(receiver, result);
    else if (receiver->is_begun)
        receive(receiver, result);
    else
        receive_first(receiver, result);
    if (result->error.earlier_try_unanswered)
        receiver->lost_at_ms = clock_monotonic_ms(NULL);
    return result->error.status;
}

enum c2d_status receiver_settle(struct receiver *receiver, const char *lock_token,
                                enum c2d_outcome outcome, bool wants_next, struct c2d_error *error)
{
    int64_t started_ms = clock_monotonic_ms(NULL), ms;

    if (wants_next)
        begin_receive(receiver);
    /* Goes before the receive, which is in flight at the same time. */
    settle(receiver, lock_token, outcome, error);
    ms = clock_monotonic_ms(NULL) - started_ms;
    if (receiver->settled++ == 0 || ms < receiver->round_trip_ms)
        receiver->round_trip_ms = ms;
    return error->status;
}

void receiver_end(struct receiver *receiver)
{
    struct c2d_result result;

    if (!receiver->is_pending)
        return;
    /* After END_MS it stays pending for the next drain, or is dropped with the client. */
    if (!c2d_wait(receiver->app->client, END_MS, &result)) {
        receiver->lost_at_ms = clock_monotonic_ms(NULL);
        return;
    }
    receiver->is_pending = false;
    if (result.error.status == C2D_OK || result.error.earlier_try_unanswered
        || result.error.unreadable_sequence_number[0] != '\0')
        leave(receiver, &result);
}
