/* Which call may start next, and when: how many may be in flight, what goes first, and what waits
 * while a hub fails. */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include "call_heap.h"
#include "pause.h"

/* Calls that go before or after those of the other class. */
struct schedule_class {
    struct link ready; /* not started yet, in their order */
    struct call_heap sleeping;
};

struct schedule {
    size_t parallel; /* most attempts in flight; 1 or more */
    struct pause pause;
    struct call *probe;            /* in flight during the pause; NULL: none */
    struct schedule_class settles; /* first: locks expire while they wait */
    struct schedule_class others;
    struct link flying;
    size_t flying_count;
    size_t waiting_count; /* ready or sleeping */
    /* Until then the first attempt of all stays alone: it shows whether the clock is right, and so
     * one token is refused and not one for each client. */
    int64_t alone_until_ms;
};

void schedule_init(struct schedule *schedule);
/* Makes room for count calls in all, so that none of the functions below can fail; false without
 * memory. */
bool schedule_reserve(struct schedule *schedule, size_t count);
void schedule_clear(struct schedule *schedule);

/* Sets the state of a call that is in no list, and adds it to the list of that state. */
void schedule_ready(struct schedule *schedule, struct call *call);
void schedule_sleep(struct schedule *schedule, struct call *call);
void schedule_fly(struct schedule *schedule, struct call *call);
/* Takes a call that is ready, sleeping or in flight out of its list. */
void schedule_remove(struct schedule *schedule, struct call *call);

/* How many wait for another attempt. */
size_t schedule_sleeping(const struct schedule *schedule);
/* Does this call wait for a hub that fails? Settlements do not: their locks expire meanwhile. */
bool schedule_may_pause(const struct schedule *schedule, const struct call *call);
/* Takes the next call that may start now out of its list; NULL: there is none. */
struct call *schedule_take(struct schedule *schedule, int64_t now_ms);
/* When schedule_take() has the next one, if no attempt ends before; INT64_MAX: never. Not after
 * now_ms: at once. */
int64_t schedule_due_ms(const struct schedule *schedule);
/* Takes out a settlement that is ready and whose time-out has come; NULL: none has. */
struct call *schedule_take_late(struct schedule *schedule, int64_t now_ms);
/* When the first attempt in flight is given up, or the first settlement ends that is ready. */
int64_t schedule_late_ms(const struct schedule *schedule);
/* When an attempt in flight is given up for which the transport has not kept its time. */
int64_t schedule_end_of_try_ms(const struct call *call);

#endif
