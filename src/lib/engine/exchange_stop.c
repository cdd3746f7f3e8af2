/* Ends calls by a cancellation, or because the hub has failed for too long. */
#include "exchange.h"

#include "base/error.h"

#include <poll.h>

enum { GRACE_MS = 5000 /* for a request in flight, or a settlement, after a cancellation */ };

static void add_ended(struct exchange *exchange, struct call *call)
{
    call->state = CALL_ENDED;
    link_append(&exchange->ended, &call->place);
}

/* ---- Cancelling ---- */

/* Starts the grace period of a call; returns false if it has none and ends now. */
static bool survives(const struct exchange *exchange, struct call *call)
{
    int64_t grace_end_ms = exchange_now_ms(exchange) + GRACE_MS;
    bool settles = call->endpoint->kind == ENDPOINT_SETTLES;

    if (!settles && (call->endpoint->kind == ENDPOINT_READS || call->state != CALL_IN_FLIGHT))
        return false;
    if (call->progress.deadline_ms == 0 || grace_end_ms < call->progress.deadline_ms)
        call->progress.deadline_ms = grace_end_ms;
    call->progress.cancelled = true;
    /* A settlement also ends now if its next attempt is after the grace period. */
    return call->state != CALL_SLEEPING || call->wake_ms < call->progress.deadline_ms;
}

/* Sets the outcome of a call that was cancelled in this state. */
static void cancel(struct call *call, enum call_state state)
{
    /* An attempt in flight may have taken effect. */
    bool is_unanswered = call->progress.in_doubt || state == CALL_IN_FLIGHT;

    http_request_clear(&call->request);
    if (state == CALL_SLEEPING && call->endpoint->kind != ENDPOINT_READS) {
        call_conclude(call, false); /* the failure is more precise than C2D_CANCELLED */
        return;
    }
    outcome_clear(&call->outcome);
    call->outcome = (struct outcome) {
        .status = C2D_CANCELLED,
        .attempts = call->progress.attempts,
        .earlier_try_unanswered = is_unanswered,
    };
}

void exchange_follow(struct exchange *exchange, struct call *follower)
{
    while (follower != NULL) {
        struct call *next;

        if (!exchange->stopped) {
            schedule_ready(&exchange->schedule, follower);
            return;
        }
        cancel(follower, CALL_READY); /* as a send that was not started */
        next = call_order_remove(&exchange->order, follower);
        add_ended(exchange, follower);
        follower = next;
    }
}

void exchange_end(struct exchange *exchange, struct call *call)
{
    struct call *follower = NULL;

    /* call_start() may have failed for the pause's probe. */
    if (exchange->schedule.probe == call)
        exchange->schedule.probe = NULL;
    if (call->message != NULL)
        follower = call_order_remove(&exchange->order, call);
    add_ended(exchange, call);
    exchange_follow(exchange, follower);
    exchange_note_idle(exchange);
}

void exchange_note_idle(struct exchange *exchange)
{
    if (schedule_is_idle(&exchange->schedule))
        exchange->schedule.pause.idle_from_ms = exchange_now_ms(exchange);
}

void exchange_stop_call(struct exchange *exchange, struct call *call)
{
    enum call_state state = call->state;

    if (call->progress.cancelled || survives(exchange, call))
        return;
    if (state == CALL_IN_FLIGHT)
        exchange->transport.cancel(exchange->transport.self, call);
    schedule_remove(&exchange->schedule, call);
    cancel(call, state);
    exchange_end(exchange, call);
}

static void stop_list(struct exchange *exchange, struct link *list)
{
    for (struct link *link = list->next, *next; link != list; link = next) {
        next = link->next;
        exchange_stop_call(exchange, LINK_OWNER(link, struct call, place));
    }
}

/* Rebuilds the heap from the calls that stay, as each removal moves others. */
static void stop_heap(struct exchange *exchange, struct call_heap *heap)
{
    size_t count = heap->count;

    heap->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct call *call = heap->calls[i];

        call_heap_add(heap, call);
        exchange_stop_call(exchange, call);
    }
}

/* Cancels all calls. */
static void stop(struct exchange *exchange)
{
    struct schedule *schedule = &exchange->schedule;

    stop_list(exchange, &schedule->in_flight);
    stop_heap(exchange, &schedule->settles.sleeping);
    stop_heap(exchange, &schedule->others.sleeping);
    stop_list(exchange, &schedule->settles.ready);
    stop_list(exchange, &schedule->others.ready);
}

/* Watches cancel_fd, or not. With c2d_fd() not while no call is pending: the descriptor would stay
 * readable with nothing to do. */
static void watch(struct exchange *exchange)
{
    bool is_wanted = !exchange->stopped && (!exchange->is_watched || exchange->pending > 0);

    exchange->transport.watch(exchange->transport.self, is_wanted ? exchange->cancel_fd : -1);
}

void exchange_check_cancel(struct exchange *exchange)
{
    struct pollfd poll_fd = { .fd = exchange->cancel_fd, .events = POLLIN };
    bool was_stopped = exchange->stopped;

    if (exchange->cancel_fd < 0)
        return;
    /* Remembered, as the number of a closed descriptor may be reused. */
    if (poll(&poll_fd, 1, 0) > 0)
        exchange->is_cancel_fd_closed |= (poll_fd.revents & POLLNVAL) != 0;
    exchange->stopped = exchange->is_cancel_fd_closed || poll_fd.revents != 0;
    if (exchange->stopped && !was_stopped)
        stop(exchange);
    watch(exchange);
}

/* ---- Giving up ---- */

/* Ends a call that waits for the hub, with its own failure, or with last if it had none. */
static void give_up_call(struct exchange *exchange, struct call *call, const struct c2d_error *last)
{
    schedule_remove(&exchange->schedule, call);
    if (call->outcome.status == C2D_OK)
        outcome_set(&call->outcome, last);
    call_conclude(call, false);
    call->outcome.gave_up = true;
    exchange_end(exchange, call);
}

void exchange_give_up(struct exchange *exchange, const struct call *call)
{
    struct schedule_class *others = &exchange->schedule.others;
    struct c2d_error last;

    outcome_get(&call->outcome, &last);
    while (others->sleeping.count > 0)
        give_up_call(exchange, call_heap_first(&others->sleeping), &last);
    while (!link_is_empty(&others->ready))
        give_up_call(exchange, LINK_OWNER(others->ready.next, struct call, place), &last);
    exchange->schedule.pause.is_active = false;
}
