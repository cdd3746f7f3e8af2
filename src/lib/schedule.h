/* Which call may start next, and when: how many may be in flight, and what waits while a hub
 * fails. */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include "call_list.h"
#include "pause.h"

struct schedule {
    size_t parallel; /* most attempts in flight; 1 or more */
    struct pause pause;
    struct call *probe;     /* in flight during the pause; NULL: none */
    struct call_list ready; /* not started yet, in their order */
    struct call_list flying, sleeping;
};

/* Does this call wait for a hub that fails? Settlements do not: their locks expire meanwhile. */
bool schedule_may_pause(const struct schedule *schedule, const struct call *call);
/* Takes the next call that may start now out of its list; NULL: there is none. */
struct call *schedule_take(struct schedule *schedule, int64_t now_ms);
/* When schedule_take() has the next one, if no attempt ends before; INT64_MAX: never. */
int64_t schedule_due_ms(struct schedule *schedule);

#endif
