#include "schedule.h"

bool schedule_may_pause(const struct schedule *schedule, const struct call *call)
{
    return schedule->pause.max_ms > 0 && call->endpoint->manner != ENDPOINT_SETTLES;
}

static bool is_paused(const struct schedule *schedule, const struct call *call)
{
    return schedule->pause.is_active && schedule_may_pause(schedule, call);
}

/* May a call start that has not started yet? Where calls may pause, those that sleep leave room for
 * others: else a few devices with a fault of their own would stop all. */
static bool has_room(const struct schedule *schedule)
{
    size_t sleeping = schedule->pause.max_ms > 0 ? 0 : schedule->sleeping.count;

    return schedule->flying.count + sleeping < schedule->parallel;
}

/* The place of the call with the fewest attempts among those that wait for the hub, so that a
 * device with a fault of its own does not keep the others waiting. NULL: none waits. */
static struct call **find_probe(struct schedule *schedule, struct call_list **list)
{
    struct call_list *lists[] = { &schedule->sleeping, &schedule->ready };
    struct call **best = NULL;

    for (size_t i = 0; i < 2; i++) {
        for (struct call **place = &lists[i]->first; *place != NULL; place = &(*place)->next) {
            if (!schedule_may_pause(schedule, *place)
                || (best != NULL && (*place)->progress.attempts >= (*best)->progress.attempts))
                continue;
            best = place;
            *list = lists[i];
        }
    }
    return best;
}

static struct call *take_probe(struct schedule *schedule)
{
    struct call_list *list = NULL;
    struct call **place = schedule->probe != NULL ? NULL : find_probe(schedule, &list);

    if (place != NULL)
        schedule->probe = call_list_take(list, place);
    return place != NULL ? schedule->probe : NULL;
}

struct call *schedule_take(struct schedule *schedule, int64_t now_ms)
{
    struct call *call;

    if (schedule->flying.count >= schedule->parallel)
        return NULL;
    for (struct call **place = &schedule->sleeping.first; *place != NULL; place = &(*place)->next)
        if ((*place)->wake_ms <= now_ms && !is_paused(schedule, *place))
            return call_list_take(&schedule->sleeping, place);
    if (schedule->pause.is_active && now_ms >= schedule->pause.probe_ms
        && (call = take_probe(schedule)) != NULL)
        return call;
    if (!has_room(schedule))
        return NULL;
    for (struct call **place = &schedule->ready.first; *place != NULL; place = &(*place)->next)
        if (!is_paused(schedule, *place))
            return call_list_take(&schedule->ready, place);
    return NULL;
}

int64_t schedule_due_ms(struct schedule *schedule)
{
    int64_t due_ms = INT64_MAX;
    struct call_list *list;

    if (schedule->flying.count >= schedule->parallel)
        return due_ms;
    if (schedule->pause.is_active && schedule->probe == NULL && find_probe(schedule, &list) != NULL)
        due_ms = schedule->pause.probe_ms;
    for (const struct call *call = schedule->sleeping.first; call != NULL; call = call->next)
        if (call->wake_ms < due_ms && !is_paused(schedule, call))
            due_ms = call->wake_ms;
    return due_ms;
}
