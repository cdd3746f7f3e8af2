#include "receiver.h"

#include "failure.h"
#include "report.h"
#include "stop.h"

#include "base/clock.h"

#include <stdio.h>

enum {
    LOCK_MS = C2D_LOCK_S * 1000,
    LOCK_LEFT_MS = LOCK_MS / 2, /* with less, what had to wait for a settlement is left */
    SETTLED_MIN = 2,            /* most queues are shorter */
    FAR_MS = 40,                /* nearer, a second handshake costs more than it saves */
};

void receiver_start(struct receiver *receiver)
{
    receiver->settled = 0;
    receiver->round_trip_ms = 0;
}

/* ---- The receive during a settlement ---- */

/* Opening the second connection delays one message by a handshake less a round trip. After that,
 * each message takes a round trip less. How many will come is not known: it is opened when as many
 * have come as would have paid for it. */
static bool pays(const struct receiver *receiver)
{
    int64_t handshake_ms = receiver->first_ms - receiver->round_trip_ms;

    return receiver->settled >= SETTLED_MIN && receiver->round_trip_ms >= FAR_MS
           && (receiver->settled + 1) * receiver->round_trip_ms >= handshake_ms;
}

static void begin_receive(struct receiver *receiver)
{
    struct c2d_request request = { .action = receiver->action };

    /* If memory lacks, the next one is received later. */
    if (!receiver->is_pending && pays(receiver) && !stop_is_due())
        receiver->is_pending = c2d_submit(receiver->app->client, &request, NULL) == C2D_OK;
}

/* Takes the result of the receive that was started during a settlement. */
static bool take_pending(struct receiver *receiver, struct c2d_result *result)
{
    bool was_pending = receiver->is_pending && c2d_wait(receiver->app->client, -1, result);

    receiver->is_pending = false;
    if (was_pending && result->error.earlier_try_unanswered)
        receiver->lost_at_ms = clock_monotonic_ms(NULL);
    return was_pending;
}

/* The hub has locked it, and delivers it again when the lock expires. */
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
    else
        return;
    receiver->lost_at_ms = clock_monotonic_ms(NULL);
    c2d_message_free(result->message);
    c2d_feedback_free(result->feedback);
    result->message = NULL;
    result->feedback = NULL;
}

void receiver_end(struct receiver *receiver)
{
    struct c2d_result result;

    if (take_pending(receiver, &result))
        leave(receiver, &result);
}

/* Leaves what is too old: the lock could expire before it is settled, or its handler has ended. */
static void leave_old(struct receiver *receiver, struct c2d_result *result)
{
    int64_t expires_ms = result->message != NULL    ? result->message->lock_expires_ms
                         : result->feedback != NULL ? result->feedback->lock_expires_ms
                                                    : INT64_MAX;

    if (expires_ms - clock_monotonic_ms(NULL) >= LOCK_LEFT_MS)
        return;
    leave(receiver, result);
    fail_with_hint(&result->error, C2D_NETWORK, "receive again in a minute",
                   "the settlement before took so long that the next lock would expire too soon");
}

/* ---- Receiving and settling ---- */

static void receive(struct receiver *receiver, struct c2d_result *result)
{
    int64_t started_ms = clock_monotonic_ms(NULL);

    *result = (struct c2d_result) { .action = receiver->action };
    if (receiver->action == C2D_ACTION_RECEIVE)
        c2d_receive(receiver->app->client, &result->message, &result->error);
    else
        c2d_feedback_receive(receiver->app->client, &result->feedback, &result->error);
    if (receiver->first_ms == 0 && result->error.attempts == 1)
        receiver->first_ms = clock_monotonic_ms(NULL) - started_ms;
    if (result->error.earlier_try_unanswered)
        receiver->lost_at_ms = clock_monotonic_ms(NULL);
}

enum c2d_status receiver_receive(struct receiver *receiver, struct c2d_result *result)
{
    /* Watches the reader of stdout again: if it has gone, the receive is cancelled. */
    stop_resume_watch();
    /* By now the hub has released what a lost response locked. */
    if (clock_monotonic_ms(NULL) - receiver->lost_at_ms > LOCK_MS)
        receiver->lost_at_ms = 0;
    if (!take_pending(receiver, result)) {
        receive(receiver, result);
    } else if (stop_is_due()) {
        leave(receiver, result);
        receive(receiver, result); /* is cancelled at once */
    } else {
        leave_old(receiver, result);
    }
    return result->error.status;
}

enum c2d_status receiver_settle(struct receiver *receiver, const char *lock_token,
                                enum c2d_outcome outcome, bool goes_on, struct c2d_error *error)
{
    struct c2d_client *client = receiver->app->client;
    int64_t started_ms = clock_monotonic_ms(NULL), ms;

    if (goes_on)
        begin_receive(receiver);
    /* Goes before the receive, which is in flight at the same time. */
    if (receiver->action == C2D_ACTION_RECEIVE)
        c2d_settle(client, lock_token, outcome, error);
    else
        c2d_feedback_settle(client, lock_token, outcome, error);
    ms = clock_monotonic_ms(NULL) - started_ms;
    if (receiver->settled++ == 0 || ms < receiver->round_trip_ms)
        receiver->round_trip_ms = ms;
    return error->status;
}
