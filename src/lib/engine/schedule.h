/* Decides which call may start next, and when: limits the attempts in flight, prefers settlements,
 * and holds others back while the hub fails. */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include "call_heap.h"
#include "pause.h"

/* Calls of one priority. */
struct schedule_class {
    struct link ready; /* not started yet, in the order of submission */
    struct call_heap sleeping;
};

struct schedule {
    size_t parallel; /* most attempts in flight; 1 or more */
    struct pause pause;
    struct call *probe;            /* in flight during the pause; NULL: none */
    struct schedule_class settles; /* go first: locks expire while they wait */
    struct schedule_class others;
    struct link in_flight;
    size_t in_flight_count;
    /* Until this time only one attempt may be in flight: it shows a wrong clock before every client
     * signs a token that is refused. */
    int64_t alone_until_ms;
};

void schedule_init(struct schedule *schedule);
/* Makes room for count calls in total, so that the functions below cannot fail. False: out of
 * memory. */
bool schedule_reserve(struct schedule *schedule, size_t count);
void schedule_clear(struct schedule *schedule);

/* Sets the state of a call that is in no list, and adds it to the list of that state. */
void schedule_ready(struct schedule *schedule, struct call *call);
void schedule_sleep(struct schedule *schedule, struct call *call);
void schedule_in_flight(struct schedule *schedule, struct call *call);
/* Removes a call that is ready, sleeping or in flight from its list. */
void schedule_remove(struct schedule *schedule, struct call *call);

/* True if no call is ready, sleeping or in flight. */
bool schedule_is_idle(const struct schedule *schedule);
/* Returns how many calls wait for another attempt. */
size_t schedule_sleeping(const struct schedule *schedule);
/* True if this call pauses while the hub fails. Settlements do not: their locks expire. */
bool schedule_may_pause(const struct schedule *schedule, const struct call *call);
/* Removes the next call that may start now from its list and returns it, or NULL. */
struct call *schedule_take(struct schedule *schedule, int64_t now_ms);
/* Returns when schedule_take() returns the next call, if no attempt ends before. In the past: now;
 * INT64_MAX: never. */
int64_t schedule_due_ms(const struct schedule *schedule);
/* Removes a ready settlement or a sleeping call whose time-out has passed and returns it, or NULL.
 */
struct call *schedule_take_late(struct schedule *schedule, int64_t now_ms);
/* Returns the earliest time-out of the attempts in flight and of those calls. */
int64_t schedule_late_ms(const struct schedule *schedule);
/* Returns when an attempt in flight is ended if the transport has not ended it. */
int64_t schedule_attempt_end_ms(const struct call *call);

#endif
