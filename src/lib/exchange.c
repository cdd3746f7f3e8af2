/* The one loop around transport and calls: begins what may begin, wakes what has slept, gives up
 * what a signal or the time ends. It decides when; what is sent and what follows is call.c's. */
#include "exchange.h"

#include "status.h"

#include <poll.h>

enum {
    /* What a signal leaves to a request that is already on its way (Q2). */
    GRACE_MS = 5000,
    SLACK_MS = 1000, /* the transport keeps the deadline itself, and knows more to say of it */
};

static int64_t now_ms(const struct exchange *exchange)
{
    return exchange->terms.clock.monotonic_ms(exchange->terms.clock.context);
}

/* Of a call that is in no list. */
static void end(struct exchange *exchange, struct call *call)
{
    struct call *follower = call_order_leave(&exchange->order, call);

    if (exchange->schedule.probe == call)
        exchange->schedule.probe = NULL;
    if (follower != NULL) {
        follower->state = CALL_READY;
        call_list_append(&exchange->schedule.ready, follower);
    }
    call->state = CALL_ENDED;
    call_list_append(&exchange->ended, call);
}

/* ---- Stopping ---- */

static void look_for_stop(struct exchange *exchange)
{
    /* Looked at and never read: a stop holds for every later call of the program too. */
    struct pollfd poll_fd = { .fd = exchange->cancel_fd, .events = POLLIN };

    if (!exchange->stopped && exchange->cancel_fd >= 0)
        exchange->stopped = poll(&poll_fd, 1, 0) > 0;
}

/* Begins the grace period if there is to be one; false if the call stops here and now. */
static bool survives(const struct exchange *exchange, struct call *call)
{
    int64_t grace_end_ms = now_ms(exchange) + GRACE_MS;
    bool settles = call->endpoint->manner == ENDPOINT_SETTLES;

    if (!settles && (call->endpoint->manner == ENDPOINT_READS || call->state != CALL_FLYING))
        return false;
    if (call->progress.deadline_ms == 0 || grace_end_ms < call->progress.deadline_ms)
        call->progress.deadline_ms = grace_end_ms;
    call->progress.cancelled = true;
    /* A settlement whose next try would begin behind the grace period ends here too. */
    return call->state != CALL_SLEEPING || call->wake_ms < call->progress.deadline_ms;
}

static void stop_call(struct exchange *exchange, struct call *call)
{
    bool had_failed = call->state == CALL_SLEEPING && call->endpoint->manner != ENDPOINT_READS;

    call->error.attempts = call->progress.attempts;
    if (call->state == CALL_FLYING) {
        exchange->transport.cancel(exchange->transport.self, call);
        /* The try that was given up may have done its work. */
        call->error.earlier_try_unanswered = true;
    }
    if (had_failed)
        call_conclude(call, false); /* why it failed says more than that it was stopped */
    else
        fail(&call->error, C2D_CANCELLED, "stopped by a signal");
    end(exchange, call);
}

static void stop_list(struct exchange *exchange, struct call_list *list)
{
    for (struct call **place = &list->first; *place != NULL;) {
        if ((*place)->progress.cancelled || survives(exchange, *place))
            place = &(*place)->next;
        else
            stop_call(exchange, call_list_take(list, place));
    }
}

/* Ends what a stop ends; what it leaves is marked. What follows a call that ends becomes ready, and
 * is looked at too. */
static void stop(struct exchange *exchange)
{
    stop_list(exchange, &exchange->schedule.flying);
    stop_list(exchange, &exchange->schedule.sleeping);
    stop_list(exchange, &exchange->schedule.ready);
}

/* ---- Tries ---- */

static void start_try(struct exchange *exchange, struct call *call, int64_t now)
{
    struct call_progress *progress = &call->progress;

    /* Else an earlier form of the same call has set it, and both share the time. */
    if (progress->deadline_ms == 0)
        progress->deadline_ms = now + exchange->terms.timeout_ms;
    if (call_start(call, &exchange->terms, &exchange->transport, now) != C2D_OK) {
        end(exchange, call);
        return;
    }
    call->state = CALL_FLYING;
    call_list_append(&exchange->schedule.flying, call);
}

static void warn_of_rewriting(struct exchange *exchange, const struct call *call)
{
    if (!call->progress.rewritten || exchange->told_rewritten)
        return;
    observe_warning(
        &exchange->terms.observe,
        "a proxy on the way answers HTTP %d without content where a hub answers 204: it "
        "is taken for that, so a settlement was probably done",
        call->error.http_status);
    exchange->told_rewritten = true;
}

/* ---- A hub that fails ---- */

/* Learns from an attempt whether the hub works. */
static void note_hub(struct exchange *exchange, const struct call *call, bool has_response,
                     int64_t now)
{
    const struct clock *clock = &exchange->terms.clock;
    /* A call that failed before, while others got through, fails for a reason of its own: no other
     * call has to wait for it again. */
    bool is_own = !exchange->schedule.pause.is_active && call->progress.hub_failures > 1;

    if (!call->hub_failed && has_response)
        pause_note_response(&exchange->schedule.pause, exchange->schedule.probe == call);
    else if (call->hub_failed && !is_own)
        pause_note_failure(&exchange->schedule.pause,
                           &(struct pause_failure) { .error = &call->error,
                                                     .is_probe = exchange->schedule.probe == call,
                                                     .now_ms = now,
                                                     .random = clock->random(clock->context) },
                           &exchange->terms.observe);
}

/* Has this call failed for as long as a pause may last, although others got through? */
static bool is_hopeless(const struct exchange *exchange, const struct call *call, int64_t now)
{
    return call->hub_failed && schedule_may_pause(&exchange->schedule, call)
           && now - call->progress.hub_failed_ms >= exchange->schedule.pause.max_ms;
}

static void give_up_list(struct exchange *exchange, struct call_list *list,
                         const struct c2d_error *last)
{
    for (struct call **place = &list->first; *place != NULL;) {
        struct call *call = *place;

        if (!schedule_may_pause(&exchange->schedule, call)) {
            place = &call->next;
            continue;
        }
        call_list_take(list, place);
        if (call->error.status == C2D_OK)
            call->error = *last;
        call_conclude(call, false);
        call->error.gave_up = true;
        end(exchange, call);
    }
}

/* Ends all that waits for the hub, each with the failure that it had, else with last. What follows
 * a call that ends becomes ready, and ends too. */
static void give_up(struct exchange *exchange, struct c2d_error last)
{
    give_up_list(exchange, &exchange->schedule.sleeping, &last);
    give_up_list(exchange, &exchange->schedule.ready, &last);
    exchange->schedule.pause.is_active = false;
}

/* ---- Ends of attempts ---- */

static bool has_waiting(const struct exchange *exchange)
{
    const struct schedule *schedule = &exchange->schedule;

    return schedule->flying.first != NULL || schedule->sleeping.first != NULL
           || schedule->ready.first != NULL;
}

static void finish_try(struct exchange *exchange, struct http_done *done)
{
    struct call *call = done->tag;
    int64_t now = now_ms(exchange);
    bool has_response = done->error.status == C2D_OK;
    enum call_next next;
    bool is_over;

    call_list_remove(&exchange->schedule.flying, call);
    next = call_finish_try(call, &exchange->terms, done, now,
                           schedule_may_pause(&exchange->schedule, call));
    note_hub(exchange, call, has_response, now);
    is_over = call->hub_failed && pause_is_over(&exchange->schedule.pause, now);
    if (exchange->schedule.probe == call)
        exchange->schedule.probe = NULL;
    if (next == CALL_AGAIN) {
        start_try(exchange, call, now);
    } else if (next == CALL_AGAIN_LATER && (is_over || !is_hopeless(exchange, call, now))) {
        call->state = CALL_SLEEPING;
        call_list_append(&exchange->schedule.sleeping, call);
    } else {
        if (next == CALL_AGAIN_LATER)
            call_conclude(call, false);
        call->error.gave_up = is_over;
        warn_of_rewriting(exchange, call);
        end(exchange, call);
    }
    if (is_over)
        give_up(exchange, call->error);
    if (!has_waiting(exchange))
        exchange->schedule.pause.idle_from_ms = now;
}

/* Gives up an attempt for which the transport has not kept its time. */
static void finish_late(struct exchange *exchange, struct call *call)
{
    /* How far it got is not known any more: "written" is the guess that hides no duplicate. */
    struct http_done done = { .tag = call, .written = true };

    exchange->transport.cancel(exchange->transport.self, call);
    done.error.retryable = true;
    fail(&done.error, C2D_TIMEOUT, "no answer in time");
    finish_try(exchange, &done);
}

/* ---- What is due ---- */

/* When an attempt in flight is given up. */
static int64_t end_of_try_ms(const struct call *call)
{
    return call->progress.deadline_ms + (call->progress.cancelled ? 0 : SLACK_MS);
}

/* Gives up the attempts that were late at the moment `looked`, before the sockets were looked at:
 * what has come in while this process was stopped is not late. */
static void finish_all_late(struct exchange *exchange, int64_t looked)
{
    struct call *call = exchange->schedule.flying.first;

    while (call != NULL) {
        if (end_of_try_ms(call) > looked) {
            call = call->next;
            continue;
        }
        finish_late(exchange, call);
        call = exchange->schedule.flying.first; /* it may be anywhere now */
    }
}

/* Starts what may start. */
static void advance(struct exchange *exchange, int64_t now)
{
    struct call *call;

    while ((call = schedule_take(&exchange->schedule, now)) != NULL)
        start_try(exchange, call, now);
}

/* When something is due that is not the transport's. */
static int64_t next_due_ms(struct exchange *exchange)
{
    int64_t due_ms = schedule_due_ms(&exchange->schedule);

    for (struct call *call = exchange->schedule.flying.first; call != NULL; call = call->next)
        due_ms = end_of_try_ms(call) < due_ms ? end_of_try_ms(call) : due_ms;
    return due_ms;
}

/* ---- The seam to the operations ---- */

void exchange_init(struct exchange *exchange)
{
    call_list_init(&exchange->schedule.ready);
    call_list_init(&exchange->schedule.flying);
    call_list_init(&exchange->schedule.sleeping);
    call_list_init(&exchange->ended);
}

void exchange_submit(struct exchange *exchange, struct call *call)
{
    struct pause *pause = &exchange->schedule.pause;

    error_reset(&call->error);
    /* Only time in which something waited shows that the hub goes on failing. */
    if (pause->is_active && pause->idle_from_ms != 0)
        pause->since_ms += now_ms(exchange) - pause->idle_from_ms;
    pause->idle_from_ms = 0;
    call->follower = NULL;
    if (call_order_follows(&exchange->order, call)) {
        call->state = CALL_BEHIND;
        return;
    }
    call->state = CALL_READY;
    call_list_append(&exchange->schedule.ready, call);
}

/* The call to hand out, if it has ended. */
static struct call *take_ended(struct exchange *exchange, struct call *wanted)
{
    struct call *first = exchange->ended.first;

    if (wanted == NULL && first != NULL)
        return call_list_take(&exchange->ended, &exchange->ended.first);
    if (wanted == NULL || wanted->state != CALL_ENDED
        || !call_list_remove(&exchange->ended, wanted))
        return NULL;
    return wanted;
}

static bool is_idle(const struct exchange *exchange)
{
    return exchange->schedule.flying.first == NULL && exchange->schedule.sleeping.first == NULL
           && exchange->schedule.ready.first == NULL;
}

struct call *exchange_wait(struct exchange *exchange, struct call *wanted, int64_t timeout_ms)
{
    int64_t now = now_ms(exchange);
    int64_t end_ms = timeout_ms > INT64_MAX / 2 ? timeout_ms : now + timeout_ms;
    struct call *call;

    if (exchange->schedule.ready.first != NULL)
        look_for_stop(exchange);
    for (;; now = now_ms(exchange)) {
        struct http_done done;
        int64_t wait_ms;

        if (exchange->stopped)
            stop(exchange);
        advance(exchange, now);
        call = take_ended(exchange, wanted);
        if (call != NULL || is_idle(exchange))
            return call;
        wait_ms = next_due_ms(exchange);
        wait_ms = (wait_ms < end_ms ? wait_ms : end_ms) - now;
        if (exchange->transport.wait(exchange->transport.self, wait_ms > 0 ? wait_ms : 0,
                                     exchange->stopped ? -1 : exchange->cancel_fd, &done)) {
            finish_try(exchange, &done);
            continue;
        }
        finish_all_late(exchange, now);
        if (now_ms(exchange) >= end_ms)
            return NULL;
        look_for_stop(exchange);
    }
}

void exchange_perform(struct exchange *exchange, struct call *call)
{
    exchange_submit(exchange, call);
    exchange_wait(exchange, call, INT64_MAX);
}

/* With all that have lined up behind it. */
static void drop(struct call *call)
{
    while (call != NULL) {
        struct call *follower = call->follower;

        if (call->drop != NULL)
            call->drop(call);
        call = follower;
    }
}

static void drop_list(struct exchange *exchange, struct call_list *list)
{
    while (list->first != NULL) {
        struct call *call = call_list_take(list, &list->first);

        if (call->state == CALL_FLYING)
            exchange->transport.cancel(exchange->transport.self, call);
        drop(call);
    }
}

void exchange_abort(struct exchange *exchange)
{
    drop_list(exchange, &exchange->schedule.flying);
    drop_list(exchange, &exchange->schedule.sleeping);
    drop_list(exchange, &exchange->schedule.ready);
    drop_list(exchange, &exchange->ended);
}
