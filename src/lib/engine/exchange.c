/* The loop that runs calls over the transport: starts attempts when they are due, processes their
 * ends, applies time-outs and cancellations. call_start.c makes the requests; call.c evaluates
 * their results and decides on retries. */
#include "exchange.h"

#include "base/error.h"

enum {
    STARTS_MAX = 16,       /* attempts that start before the sockets are polled again */
    IDLE_MAX_MS = 3600000, /* one wait of the transport, which adds it to the time */
    ALONE_MS = 2000, /* how long other calls wait for the first attempt of clients that share */
};

int64_t exchange_now_ms(const struct exchange *exchange)
{
    return exchange->terms.clock.monotonic_ms(exchange->terms.clock.context);
}

/* Sets the outcome of a call that gets no attempt. */
static void set_failure(struct call *call, enum c2d_status status, const char *text)
{
    struct c2d_error error;

    outcome_get(&call->outcome, &error);
    error.attempts = call->progress.attempts;
    error.earlier_try_unanswered = call->progress.in_doubt;
    fail(&error, status, "%s", text);
    outcome_set(&call->outcome, &error);
}

/* ---- Attempts ---- */

static void start_attempt(struct exchange *exchange, struct call *call, int64_t now)
{
    struct call_progress *progress = &call->progress;

    /* Set already on a retry, and on a settlement, since its submission: all attempts of a call
     * share the time-out. */
    if (progress->deadline_ms == 0)
        progress->deadline_ms = now + exchange->terms.timeout_ms;
    if (call_start(call, &exchange->terms, &exchange->transport, now))
        schedule_in_flight(&exchange->schedule, call);
    else
        exchange_end(exchange, call);
}

static void warn_of_rewriting(struct exchange *exchange, const struct call *call)
{
    if (!call->progress.rewritten || exchange->has_warned_rewritten)
        return;
    observe_warning(
        &exchange->terms.observe,
        "a proxy responds HTTP %d without content instead of the hub's 204: it is treated as a "
        "204, so a settlement is probably done",
        call->outcome.http_status);
    exchange->has_warned_rewritten = true;
}

/* ---- A hub that fails ---- */

/* Starts, extends or ends the pause by the result of an attempt. */
static void note_hub(struct exchange *exchange, const struct call *call, bool is_probe,
                     bool has_response, int64_t now)
{
    struct c2d_error error;
    const struct clock *clock = &exchange->terms.clock;
    /* If a call fails repeatedly while others succeed, the reason is the call, not the hub: it does
     * not start a pause again. */
    bool is_own = !exchange->schedule.pause.is_active && call->progress.hub_failures > 1;

    if (!call->hub_failed && has_response)
        pause_note_response(&exchange->schedule.pause, is_probe);
    if (!call->hub_failed || is_own)
        return;
    outcome_get(&call->outcome, &error);
    pause_note_failure(&exchange->schedule.pause,
                       &(struct pause_failure) { .error = &error,
                                                 .is_probe = is_probe,
                                                 .now_ms = now,
                                                 .random = clock->random(clock->context) },
                       &exchange->terms.observe);
}

/* True if this call has failed for as long as a pause may last, although others succeeded. */
static bool is_hopeless(const struct exchange *exchange, const struct call *call, int64_t now)
{
    return call->hub_failed && schedule_may_pause(&exchange->schedule, call)
           && now - call->progress.hub_failed_ms >= exchange->schedule.pause.max_ms;
}

/* ---- Ends of attempts ---- */

static void finish_attempt(struct exchange *exchange, struct http_done *done)
{
    struct schedule *schedule = &exchange->schedule;
    struct call *call = done->tag;
    int64_t now = exchange_now_ms(exchange);
    bool has_response = done->error.status == C2D_OK, is_probe = schedule->probe == call;
    enum call_next next;
    bool is_over;

    schedule_remove(schedule, call);
    next =
        call_finish_attempt(call, &exchange->terms, done, now, schedule_may_pause(schedule, call));
    note_hub(exchange, call, is_probe, has_response, now);
    is_over = call->hub_failed && pause_is_over(&schedule->pause, now);
    if (next == CALL_AGAIN) {
        start_attempt(exchange, call, now);
    } else if (next == CALL_AGAIN_LATER && (is_over || !is_hopeless(exchange, call, now))) {
        schedule_sleep(schedule, call);
    } else {
        if (next == CALL_AGAIN_LATER)
            call_conclude(call, false);
        call->outcome.gave_up = is_over;
        warn_of_rewriting(exchange, call);
        exchange_end(exchange, call);
    }
    if (next != CALL_AGAIN && has_response && !call->hub_failed) {
        exchange->is_clock_known = true;
        schedule->alone_until_ms = 0;
    }
    if (is_over)
        exchange_give_up(exchange, call);
}

/* Ends an attempt that the transport should have ended at its time-out. */
static void finish_late(struct exchange *exchange, struct call *call)
{
    /* It is not known whether it was written. Assumed true, so that no duplicate is hidden. */
    struct http_done done = { .tag = call, .written = true };

    exchange->transport.cancel(exchange->transport.self, call);
    done.error.retryable = true;
    fail(&done.error, C2D_TIMEOUT, "no response in time");
    finish_attempt(exchange, &done);
}

/* ---- What is due ---- */

/* Ends the attempts that were late at polled_ms, before the sockets were polled. So a response that
 * arrived while this process was stopped is not late. */
static void finish_all_late(struct exchange *exchange, int64_t polled_ms)
{
    struct link *in_flight = &exchange->schedule.in_flight, *link = in_flight->next;
    struct call *call;

    while (link != in_flight) {
        call = LINK_OWNER(link, struct call, place);
        link = link->next;
        if (schedule_attempt_end_ms(call) > polled_ms)
            continue;
        finish_late(exchange, call); /* removes only this one, and may append it again */
    }
}

/* Ends the calls that had no place for an attempt before their time-out. */
static void end_late(struct exchange *exchange, int64_t now)
{
    struct call *call;

    while ((call = schedule_take_late(&exchange->schedule, now)) != NULL) {
        if (call->progress.attempts > 0)
            call_conclude(call, !call->progress.cancelled);
        else if (call->progress.cancelled)
            set_failure(call, C2D_CANCELLED, "cancelled: it was still queued after 5 s");
        else
            set_failure(call, C2D_TIMEOUT,
                        "still queued at the time-out: too many requests in flight");
        exchange_end(exchange, call);
    }
}

/* Starts the calls that are due, STARTS_MAX at most, so that the sockets are polled in between.
 * Returns false if there are more. */
static bool advance(struct exchange *exchange, int64_t now)
{
    struct schedule *schedule = &exchange->schedule;

    for (int i = 0; i < STARTS_MAX; i++) {
        struct call *call = schedule_take(schedule, now);

        if (call == NULL)
            return true;
        if (!exchange->is_clock_known && exchange->is_shared && schedule->in_flight_count == 0)
            schedule->alone_until_ms = now + ALONE_MS;
        start_attempt(exchange, call, now);
    }
    return schedule_due_ms(schedule) > now;
}

/* Returns when the schedule has something to do. */
static int64_t next_due_ms(const struct exchange *exchange)
{
    return clock_earlier(schedule_due_ms(&exchange->schedule),
                         schedule_late_ms(&exchange->schedule));
}

/* ---- Functions for the operations ---- */

void exchange_init(struct exchange *exchange)
{
    schedule_init(&exchange->schedule);
    link_init(&exchange->ended);
}

void exchange_clear(struct exchange *exchange)
{
    schedule_clear(&exchange->schedule);
    call_order_clear(&exchange->order);
}

/* Sets the time at which the descriptor becomes readable, if c2d_fd() has returned it. */
static void set_wake(struct exchange *exchange)
{
    if (exchange->is_watched)
        exchange->transport.wake_at(exchange->transport.self,
                                    link_is_empty(&exchange->ended) ? next_due_ms(exchange) : 0);
}

bool exchange_submit(struct exchange *exchange, struct link *owner, struct call *call)
{
    struct pause *pause = &exchange->schedule.pause;
    int64_t now = exchange_now_ms(exchange);

    /* Also for queued sends: they become ready later, when allocation must not fail. */
    if (!schedule_reserve(&exchange->schedule, exchange->pending + 1)
        || !call_order_reserve(&exchange->order))
        return false;
    link_append(owner, &call->owners);
    exchange->pending++;
    /* cancel_fd may be readable no longer, or may have to be watched again. */
    if (exchange->stopped || (exchange->is_watched && exchange->pending == 1))
        exchange_check_cancel(exchange);
    /* Time without pending calls does not count for the pause. */
    if (pause->is_active && pause->idle_from_ms != 0)
        pause->since_ms += now - pause->idle_from_ms;
    pause->idle_from_ms = 0;
    /* The time-out of a settlement starts now, as its lock expires while it is queued. */
    if (call->endpoint->kind == ENDPOINT_SETTLES)
        call->progress.deadline_ms = now + exchange->terms.timeout_ms;
    call->state = CALL_QUEUED;
    if (call->message == NULL || !call_order_add(&exchange->order, call))
        schedule_ready(&exchange->schedule, call);
    if (exchange->stopped && call->state == CALL_READY)
        exchange_stop_call(exchange, call);
    set_wake(exchange);
    return true;
}

/* Returns wanted (NULL: the first call) if it has ended. */
static struct call *take_ended(struct exchange *exchange, struct call *wanted)
{
    struct link *first = exchange->ended.next;

    if (wanted == NULL && first != &exchange->ended)
        wanted = LINK_OWNER(first, struct call, place);
    if (wanted == NULL || wanted->state != CALL_ENDED)
        return NULL;
    link_remove(&wanted->place);
    link_remove(&wanted->owners);
    wanted->state = CALL_IDLE;
    exchange->pending--;
    return wanted;
}

/* Returns how long the transport may wait. */
static int64_t wait_span_ms(const struct exchange *exchange, int64_t now, int64_t end_ms)
{
    int64_t until_ms = clock_earlier(next_due_ms(exchange), end_ms);

    return until_ms <= now ? 0 : clock_earlier(until_ms - now, IDLE_MAX_MS);
}

static struct call *work(struct exchange *exchange, struct call *wanted, int64_t timeout_ms)
{
    int64_t now = exchange_now_ms(exchange);
    int64_t end_ms = timeout_ms > INT64_MAX / 2 ? timeout_ms : now + timeout_ms;

    exchange_check_cancel(exchange);
    for (;; now = exchange_now_ms(exchange)) {
        struct http_done done;
        struct call *call;
        int64_t wait_ms;
        bool all_started;

        end_late(exchange, now);
        all_started = advance(exchange, now);
        call = take_ended(exchange, wanted);
        if (call != NULL)
            return call;
        if (schedule_is_idle(&exchange->schedule)) {
            /* Handles timers and closed connections, which keep the descriptor readable. */
            if (exchange->is_watched)
                (void)exchange->transport.wait(exchange->transport.self, 0, &done);
            return NULL;
        }
        wait_ms = all_started ? wait_span_ms(exchange, now, end_ms) : 0;
        if (exchange->transport.wait(exchange->transport.self, wait_ms, &done)) {
            finish_attempt(exchange, &done);
        } else {
            finish_all_late(exchange, now);
            exchange_check_cancel(exchange);
        }
        /* Other finished attempts are processed by the next call of this function. */
        if (exchange_now_ms(exchange) >= end_ms)
            return take_ended(exchange, wanted);
    }
}

struct call *exchange_wait(struct exchange *exchange, struct call *wanted, int64_t timeout_ms)
{
    struct call *call = work(exchange, wanted, timeout_ms);

    if (exchange->is_watched)
        exchange_check_cancel(exchange);
    set_wake(exchange);
    return call;
}

void exchange_perform(struct exchange *exchange, struct link *owner, struct call *call)
{
    if (exchange_submit(exchange, owner, call))
        exchange_wait(exchange, call, INT64_MAX);
    else
        set_failure(call, C2D_OS, "out of memory");
}

/* ---- Dropping ---- */

static void drop(struct exchange *exchange, struct call *call)
{
    bool is_in_order = call->message != NULL && call->state != CALL_ENDED;
    struct call *follower;

    if (call->state == CALL_IN_FLIGHT)
        exchange->transport.cancel(exchange->transport.self, call);
    if (call->state == CALL_ENDED)
        link_remove(&call->place);
    else if (call->state != CALL_QUEUED)
        schedule_remove(&exchange->schedule, call);
    follower = is_in_order ? call_order_remove(&exchange->order, call) : NULL;
    exchange_follow(exchange, follower);
    link_remove(&call->owners);
    exchange->pending--;
    call->drop(call);
}

void exchange_drop(struct exchange *exchange, struct link *owner)
{
    if (link_is_empty(owner))
        return;
    while (!link_is_empty(owner))
        drop(exchange, LINK_OWNER(owner->next, struct call, owners));
    if (exchange->is_watched)
        exchange_check_cancel(exchange); /* unwatches cancel_fd if no call is pending */
    exchange_note_idle(exchange);
    set_wake(exchange);
}

int exchange_descriptor(struct exchange *exchange)
{
    exchange->is_watched = true;
    exchange_check_cancel(exchange);
    set_wake(exchange);
    return exchange->transport.descriptor(exchange->transport.self);
}
