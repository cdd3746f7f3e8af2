#include "schedule.h"

/* The transport keeps the deadline itself, and knows more to say of it. */
enum { SLACK_MS = 1000 };

static struct call *first_of(const struct link *list)
{
    return link_is_empty(list) ? NULL : LINK_OWNER(list->next, struct call, place);
}

static struct schedule_class *class_of(struct schedule *schedule, const struct call *call)
{
    return call->endpoint->effect == ENDPOINT_SETTLES ? &schedule->settles : &schedule->others;
}

/* ---- Lists ---- */

void schedule_init(struct schedule *schedule)
{
    link_init(&schedule->settles.ready);
    link_init(&schedule->others.ready);
    link_init(&schedule->flying);
}

bool schedule_reserve(struct schedule *schedule, size_t count)
{
    /* Any of them may sleep, and none may be lost for that. */
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
    schedule->waiting_count++;
    link_append(&class_of(schedule, call)->ready, &call->place);
}

void schedule_sleep(struct schedule *schedule, struct call *call)
{
    call->state = CALL_SLEEPING;
    schedule->waiting_count++;
    call_heap_add(&class_of(schedule, call)->sleeping, call);
}

void schedule_fly(struct schedule *schedule, struct call *call)
{
    call->state = CALL_FLYING;
    schedule->flying_count++;
    link_append(&schedule->flying, &call->place);
}

void schedule_remove(struct schedule *schedule, struct call *call)
{
    if (call->state == CALL_FLYING)
        schedule->flying_count--;
    else
        schedule->waiting_count--;
    if (call->state == CALL_SLEEPING)
        call_heap_remove(&class_of(schedule, call)->sleeping, call);
    else
        link_remove(&call->place);
    if (schedule->probe == call)
        schedule->probe = NULL;
    call->state = CALL_IDLE;
}

/* ---- What is next ---- */

size_t schedule_sleeping(const struct schedule *schedule)
{
    return schedule->settles.sleeping.count + schedule->others.sleeping.count;
}

bool schedule_may_pause(const struct schedule *schedule, const struct call *call)
{
    return schedule->pause.max_ms > 0 && call->endpoint->effect != ENDPOINT_SETTLES;
}

static bool has_room(const struct schedule *schedule, int64_t now_ms)
{
    return schedule->flying_count < schedule->parallel
           && (schedule->flying_count == 0 || now_ms >= schedule->alone_until_ms);
}

/* The first that may start, of one class that is not paused. */
static struct call *next_of(const struct schedule_class *class, int64_t now_ms)
{
    struct call *sleeping = call_heap_first(&class->sleeping);

    return sleeping != NULL && sleeping->wake_ms <= now_ms ? sleeping : first_of(&class->ready);
}

/* A call that has not started yet, else that with the fewest attempts: so a device with a fault of
 * its own does not keep the others waiting. NULL: none waits. */
static struct call *find_probe(const struct schedule *schedule)
{
    const struct call_heap *sleeping = &schedule->others.sleeping;
    struct call *best = first_of(&schedule->others.ready);

    for (size_t i = 0; i < sleeping->count && (best == NULL || best->progress.attempts > 0); i++)
        if (best == NULL || sleeping->calls[i]->progress.attempts < best->progress.attempts)
            best = sleeping->calls[i];
    return best;
}

static struct call *find(struct schedule *schedule, int64_t now_ms)
{
    struct call *call;

    if (!has_room(schedule, now_ms))
        return NULL;
    call = next_of(&schedule->settles, now_ms);
    if (call != NULL)
        return call;
    if (!schedule->pause.is_active)
        return next_of(&schedule->others, now_ms);
    if (schedule->probe == NULL && now_ms >= schedule->pause.probe_ms)
        call = schedule->probe = find_probe(schedule);
    return call;
}

struct call *schedule_take(struct schedule *schedule, int64_t now_ms)
{
    struct call *call = find(schedule, now_ms), *probe = schedule->probe;

    if (call == NULL)
        return NULL;
    schedule_remove(schedule, call);
    schedule->probe = probe;
    return call;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When the first of a class may start; 0: at once. */
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

    if (schedule->flying_count >= schedule->parallel)
        return INT64_MAX;
    others_ms = class_due_ms(&schedule->others);
    if (schedule->pause.is_active && others_ms != INT64_MAX)
        others_ms = schedule->probe == NULL ? schedule->pause.probe_ms : INT64_MAX;
    due_ms = earlier(due_ms, others_ms);
    if (due_ms != INT64_MAX && schedule->flying_count > 0 && due_ms < schedule->alone_until_ms)
        due_ms = schedule->alone_until_ms;
    return due_ms;
}

/* ---- What is late ---- */

int64_t schedule_end_of_try_ms(const struct call *call)
{
    return call->progress.deadline_ms + (call->progress.cancelled ? 0 : SLACK_MS);
}

struct call *schedule_take_late(struct schedule *schedule, int64_t now_ms)
{
    /* All have the same time, so the first one's comes first. */
    struct call *first = first_of(&schedule->settles.ready);

    if (first == NULL || now_ms < first->progress.deadline_ms)
        return NULL;
    schedule_remove(schedule, first);
    return first;
}

int64_t schedule_late_ms(const struct schedule *schedule)
{
    const struct call *first = first_of(&schedule->settles.ready);
    int64_t late_ms = first == NULL ? INT64_MAX : first->progress.deadline_ms;

    for (const struct link *link = schedule->flying.next; link != &schedule->flying;
         link = link->next)
        late_ms = earlier(late_ms, schedule_end_of_try_ms(LINK_OWNER(link, struct call, place)));
    return late_ms;
}
