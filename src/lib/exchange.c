/* The one loop around transport and calls: begins what may begin, wakes what has slept, gives up
 * what a signal or the time ends. It decides when; what is sent and what follows is call.c's. */
#include "exchange.h"

#include "status.h"

#include <poll.h>
#include <string.h>

enum {
    /* What a signal leaves to a request that is already on its way (Q2). */
    GRACE_MS = 5000,
    SLACK_MS = 1000, /* the transport keeps the deadline itself, and knows more to say of it */
};

static int64_t now_ms(const struct exchange *exchange)
{
    return exchange->terms.clock.monotonic_ms(exchange->terms.clock.context);
}

/* ---- Lists ---- */

static void list_init(struct call_list *list)
{
    *list = (struct call_list) { 0 };
    list->last = &list->first;
}

static void list_append(struct call_list *list, struct call *call)
{
    call->next = NULL;
    *list->last = call;
    list->last = &call->next;
    list->count++;
}

/* Takes out what *place leads to. */
static struct call *list_take(struct call_list *list, struct call **place)
{
    struct call *call = *place;

    *place = call->next;
    if (list->last == &call->next)
        list->last = place;
    list->count--;
    return call;
}

/* False when call is not in the list. */
static bool list_remove(struct call_list *list, const struct call *call)
{
    struct call **place = &list->first;

    while (*place != NULL && *place != call)
        place = &(*place)->next;
    return *place != NULL && list_take(list, place) == call;
}

/* ---- One after the other for each device ---- */

static struct call **bucket_of(struct exchange *exchange, const struct call *call)
{
    unsigned hash = 5381;

    for (const char *at = call->device_id == NULL ? "" : call->device_id; *at != '\0'; at++)
        hash = hash * 33 + (unsigned char)*at;
    return &exchange->unfinished[hash % EXCHANGE_BUCKETS];
}

static bool same_device(const struct call *a, const struct call *b)
{
    return a->device_id == NULL || b->device_id == NULL ? a->device_id == b->device_id
                                                        : strcmp(a->device_id, b->device_id) == 0;
}

/* Puts call in the place of the last unfinished one of its device, which it follows. */
static struct call *line_up(struct exchange *exchange, struct call *call)
{
    struct call **place = bucket_of(exchange, call);
    struct call *before;

    while (*place != NULL && !same_device(*place, call))
        place = &(*place)->bucket_next;
    before = *place;
    call->bucket_next = before == NULL ? NULL : before->bucket_next;
    *place = call;
    if (before != NULL)
        before->follower = call;
    return before;
}

static void leave_line(struct exchange *exchange, struct call *call)
{
    struct call **place = bucket_of(exchange, call);

    while (*place != NULL && *place != call)
        place = &(*place)->bucket_next;
    /* It is there only while nothing has lined up behind it. */
    if (*place != NULL)
        *place = (*place)->bucket_next;
    if (call->follower != NULL) {
        call->follower->state = CALL_READY;
        list_append(&exchange->ready, call->follower);
    }
    call->follower = NULL;
}

/* Of a call that is in no list. */
static void end(struct exchange *exchange, struct call *call)
{
    leave_line(exchange, call);
    call->state = CALL_ENDED;
    list_append(&exchange->ended, call);
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
            stop_call(exchange, list_take(list, place));
    }
}

/* Ends what a stop ends; what it leaves is marked. What lines up behind becomes ready, and is
 * looked at too. */
static void stop(struct exchange *exchange)
{
    stop_list(exchange, &exchange->begun);
    stop_list(exchange, &exchange->ready);
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
    list_append(&exchange->begun, call);
}

/* Is this answer one more 429 that is to be waited for? */
static bool is_patient(struct exchange *exchange, const struct http_done *done, int64_t now)
{
    bool throttles = done->error.status == C2D_OK && done->response.status == 429;

    if (exchange->patience_ms == 0)
        return false;
    if (throttles && !exchange->throttled)
        exchange->throttled_since_ms = now;
    exchange->throttled = throttles;
    if (throttles && !exchange->told_throttled)
        observe_warning(&exchange->terms.observe, "the hub throttles: waiting until it takes more");
    exchange->told_throttled = exchange->told_throttled || throttles;
    return throttles && now - exchange->throttled_since_ms < exchange->patience_ms;
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

static void finish_try(struct exchange *exchange, struct http_done *done)
{
    struct call *call = done->tag;
    int64_t now = now_ms(exchange);
    bool patient = is_patient(exchange, done, now);

    list_remove(&exchange->begun, call);
    switch (call_finish_try(call, &exchange->terms, done, now, patient)) {
    case CALL_DONE:
        warn_of_rewriting(exchange, call);
        end(exchange, call);
        break;
    case CALL_AGAIN:
        start_try(exchange, call, now);
        break;
    case CALL_AGAIN_LATER:
        if (patient && call->wake_ms > exchange->pause_until_ms)
            exchange->pause_until_ms = call->wake_ms;
        call->state = CALL_SLEEPING;
        list_append(&exchange->begun, call);
        break;
    }
}

/* Gives up a try for which the transport has not kept its time. */
static void finish_late(struct exchange *exchange, struct call *call)
{
    /* How far it got is not known any more: "written" is the guess that hides no duplicate. */
    struct http_done done = { .tag = call, .written = true };

    exchange->transport.cancel(exchange->transport.self, call);
    done.error.retryable = true;
    fail(&done.error, C2D_TIMEOUT, "no answer in time");
    finish_try(exchange, &done);
}

/* When call wants to be looked at, if nothing comes before. */
static int64_t due_ms(const struct exchange *exchange, const struct call *call)
{
    if (call->state == CALL_SLEEPING)
        return call->wake_ms > exchange->pause_until_ms ? call->wake_ms : exchange->pause_until_ms;
    return call->progress.deadline_ms + (call->progress.cancelled ? 0 : SLACK_MS);
}

/* Begins what may begin, and looks after what is due. */
static void advance(struct exchange *exchange, int64_t now)
{
    struct call **place = &exchange->begun.first;

    while (*place != NULL) {
        struct call *call = *place;

        if (due_ms(exchange, call) > now) {
            place = &call->next;
        } else if (call->state == CALL_SLEEPING) {
            start_try(exchange, list_take(&exchange->begun, place), now);
        } else {
            finish_late(exchange, call);
            place = &exchange->begun.first; /* it may be anywhere now */
        }
    }
    /* Whoever made the pause is among the begun, and ends it. */
    while (exchange->ready.first != NULL && exchange->begun.count < exchange->parallel
           && now >= exchange->pause_until_ms)
        start_try(exchange, list_take(&exchange->ready, &exchange->ready.first), now);
}

/* ---- The seam to the operations ---- */

void exchange_init(struct exchange *exchange)
{
    list_init(&exchange->ready);
    list_init(&exchange->begun);
    list_init(&exchange->ended);
}

void exchange_submit(struct exchange *exchange, struct call *call)
{
    error_reset(&call->error);
    call->follower = NULL;
    if (line_up(exchange, call) != NULL) {
        call->state = CALL_BEHIND;
        return;
    }
    call->state = CALL_READY;
    list_append(&exchange->ready, call);
}

/* The call to hand out, if it has ended. */
static struct call *take_ended(struct exchange *exchange, struct call *wanted)
{
    struct call *first = exchange->ended.first;

    if (wanted == NULL && first != NULL)
        return list_take(&exchange->ended, &exchange->ended.first);
    if (wanted == NULL || wanted->state != CALL_ENDED || !list_remove(&exchange->ended, wanted))
        return NULL;
    return wanted;
}

struct call *exchange_wait(struct exchange *exchange, struct call *wanted, int64_t timeout_ms)
{
    int64_t now = now_ms(exchange);
    int64_t end_ms = timeout_ms > INT64_MAX / 2 ? timeout_ms : now + timeout_ms;
    struct call *call;

    if (exchange->ready.first != NULL)
        look_for_stop(exchange);
    for (;; now = now_ms(exchange)) {
        struct http_done done;
        int64_t next_ms = end_ms;

        if (exchange->stopped)
            stop(exchange);
        advance(exchange, now);
        call = take_ended(exchange, wanted);
        if (call != NULL || exchange->begun.first == NULL)
            return call;
        for (call = exchange->begun.first; call != NULL; call = call->next)
            next_ms = due_ms(exchange, call) < next_ms ? due_ms(exchange, call) : next_ms;
        next_ms -= now;
        if (exchange->transport.wait(exchange->transport.self, next_ms > 0 ? next_ms : 0,
                                     exchange->stopped ? -1 : exchange->cancel_fd, &done))
            finish_try(exchange, &done);
        else if (now_ms(exchange) >= end_ms)
            return NULL;
        else
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
        struct call *call = list_take(list, &list->first);

        if (call->state == CALL_FLYING)
            exchange->transport.cancel(exchange->transport.self, call);
        drop(call);
    }
}

void exchange_abort(struct exchange *exchange)
{
    drop_list(exchange, &exchange->begun);
    drop_list(exchange, &exchange->ready);
    drop_list(exchange, &exchange->ended);
}
