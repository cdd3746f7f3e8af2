#include "schedule.h"

enum {
    /* The transport applies the deadline itself, with a better error: this is added to it. */
    SLACK_MS = 1000,
    LATE_SEARCH_MAX = 64, /* sleeping calls whose time-outs are compared */
};

static struct call *first_of(const struct link *list)
{
    return link_is_empty(list) ? NULL : LINK_OWNER(list->next, struct call, place);
}

static struct schedule_class *class_of(struct schedule *schedule, const struct call *call)
{
    return call->endpoint->kind == ENDPOINT_SETTLES ? &schedule->settles : &schedule->others;
}

/* ---- Lists ---- */

void schedule_init(struct schedule *schedule)
{
    link_init(&schedule->settles.ready);
    link_init(&schedule->others.ready);
    link_init(&schedule->in_flight);
}

bool schedule_reserve(struct schedule *schedule, size_t count)
{
    /* Any call may sleep later, when allocation must not fail. */
    return call_heap_reserve(&schedule->settles.sleeping, count)
           && call_heap_reserve(&schedule->others.sleeping, count);
}

void schedule_clear(struct schedule *schedule)
{
    call_heap_clear(&schedule->settles.sleeping);
    call_heap_clear(&schedule->others.sleeping);
}

void schedule_ready(struct schedule *schedule, struct call *call)
{
    call->state = CALL_READY;
    link_append(&class_of(schedule, call)->ready, &call->place);
}

void schedule_sleep(struct schedule *schedule, struct call *call)
{
    call->state = CALL_SLEEPING;
    call_heap_add(&class_of(schedule, call)->sleeping, call);
}

void schedule_in_flight(struct schedule *schedule, struct call *call)
{
    call->state = CALL_IN_FLIGHT;
    schedule->in_flight_count++;
    link_append(&schedule->in_flight, &call->place);
}

void schedule_remove(struct schedule *schedule, struct call *call)
{
    if (call->state == CALL_IN_FLIGHT)
        schedule->in_flight_count--;
    if (call->state == CALL_SLEEPING)
        call_heap_remove(&class_of(schedule, call)->sleeping, call);
    else
        link_remove(&call->place);
    if (schedule->probe == call)
        schedule->probe = NULL;
    call->state = CALL_IDLE;
}

static bool class_is_idle(const struct schedule_class *class)
{
    return link_is_empty(&class->ready) && class->sleeping.count == 0;
}

bool schedule_is_idle(const struct schedule *schedule)
{
    return schedule->in_flight_count == 0 && class_is_idle(&schedule->settles)
           && class_is_idle(&schedule->others);
}

/* ---- The next call ---- */

size_t schedule_sleeping(const struct schedule *schedule)
{
    return schedule->settles.sleeping.count + schedule->others.sleeping.count;
}

bool schedule_may_pause(const struct schedule *schedule, const struct call *call)
{
    return schedule->pause.max_ms > 0 && call->endpoint->kind != ENDPOINT_SETTLES;
}

static bool has_room(const struct schedule *schedule, int64_t now_ms)
{
    return schedule->in_flight_count < schedule->parallel
           && (schedule->in_flight_count == 0 || now_ms >= schedule->alone_until_ms);
}

/* Returns the first call of a class that may start, if the class is not paused. */
static struct call *next_of(const struct schedule_class *class, int64_t now_ms)
{
    struct call *sleeping = call_heap_first(&class->sleeping);

    return sleeping != NULL && sleeping->wake_ms <= now_ms ? sleeping : first_of(&class->ready);
}

/* Returns a call that has not started yet, else the one with the fewest attempts: a call that fails
 * for its own reason must not delay the others. NULL: none waits. */
static struct call *find_probe(const struct schedule *schedule)
{
    const struct call_heap *sleeping = &schedule->others.sleeping;
    struct call *best = first_of(&schedule->others.ready);

    for (size_t i = 0; i < sleeping->count && (best == NULL || best->progress.attempts > 0); i++)
        if (best == NULL || sleeping->calls[i]->progress.attempts < best->progress.attempts)
            best = sleeping->calls[i];
    return best;
}

static struct call *find(const struct schedule *schedule, int64_t now_ms)
{
    struct call *call;

    if (!has_room(schedule, now_ms))
        return NULL;
    call = next_of(&schedule->settles, now_ms);
    if (call != NULL)
        return call;
    if (!schedule->pause.is_active)
        return next_of(&schedule->others, now_ms);
    return schedule->probe == NULL && now_ms >= schedule->pause.probe_ms ? find_probe(schedule)
                                                                         : NULL;
}

struct call *schedule_take(struct schedule *schedule, int64_t now_ms)
{
    struct call *call = find(schedule, now_ms);

    if (call == NULL)
        return NULL;
    schedule_remove(schedule, call);
    if (schedule->pause.is_active && schedule_may_pause(schedule, call))
        schedule->probe = call;
    return call;
}

/* Returns when the first call of a class may start; 0: now. */
static int64_t class_due_ms(const struct schedule_class *class)
{
    const struct call *sleeping = call_heap_first(&class->sleeping);

    if (!link_is_empty(&class->ready))
        return 0;
    return sleeping == NULL ? INT64_MAX : sleeping->wake_ms;
}

int64_t schedule_due_ms(const struct schedule *schedule)
{
    int64_t due_ms = class_due_ms(&schedule->settles), others_ms;

    if (schedule->in_flight_count >= schedule->parallel)
        return INT64_MAX;
    others_ms = class_due_ms(&schedule->others);
    if (schedule->pause.is_active && others_ms != INT64_MAX)
        others_ms = schedule->probe == NULL ? schedule->pause.probe_ms : INT64_MAX;
    due_ms = clock_earlier(due_ms, others_ms);
    if (due_ms != INT64_MAX && schedule->in_flight_count > 0 && due_ms < schedule->alone_until_ms)
        due_ms = schedule->alone_until_ms;
    return due_ms;
}

/* ---- Time-outs ---- */

int64_t schedule_attempt_end_ms(const struct call *call)
{
    return call->progress.deadline_ms + (call->progress.cancelled ? 0 : SLACK_MS);
}

/* Returns the time-out of a call; INT64_MAX: it has none, or call is NULL. */
static int64_t end_of(const struct call *call)
{
    return call == NULL || call->progress.deadline_ms == 0 ? INT64_MAX : call->progress.deadline_ms;
}

static struct call *earlier(struct call *a, struct call *b)
{
    return end_of(b) < end_of(a) ? b : a;
}

/* Returns the sleeping call whose time-out is the earliest. Of many it looks at the first ones,
 * which are due soon: the others may end after their time-out if all places are taken. */
static struct call *first_late_of(const struct call_heap *sleeping)
{
    struct call *first = NULL;

    for (size_t i = 0; i < sleeping->count && i < LATE_SEARCH_MAX; i++)
        first = earlier(first, sleeping->calls[i]);
    return first;
}

/* Returns the call outside the network whose time-out is the earliest. All settlements have the
 * same time-out, so that the first ready one is the earliest of these. */
static struct call *first_late(const struct schedule *schedule)
{
    return earlier(first_of(&schedule->settles.ready),
                   earlier(first_late_of(&schedule->settles.sleeping),
                           first_late_of(&schedule->others.sleeping)));
}

struct call *schedule_take_late(struct schedule *schedule, int64_t now_ms)
{
    struct call *late = first_late(schedule);

    if (now_ms < end_of(late))
        return NULL;
    schedule_remove(schedule, late);
    return late;
}

int64_t schedule_late_ms(const struct schedule *schedule)
{
    int64_t late_ms = end_of(first_late(schedule));

    for (const struct link *link = schedule->in_flight.next; link != &schedule->in_flight;
         link = link->next)
        late_ms =
            clock_earlier(late_ms, schedule_attempt_end_ms(LINK_OWNER(link, struct call, place)));
    return late_ms;
}
