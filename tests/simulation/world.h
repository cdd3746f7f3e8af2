/* The simulated world: its clock, its events in the order of time, and what was found wrong. */
#ifndef WORLD_H
#define WORLD_H

#include "base/clock.h"
#include "chance.h"

/* The hub's clock at the start: 2027-01-01T00:00:00Z. */
#define WORLD_START_S INT64_C(1798761600)

enum event_kind {
    EVENT_ARRIVAL, /* a request reaches the hub */
    EVENT_ANSWER,  /* an attempt ends for the client */
    EVENT_CANCEL,  /* cancel_fd becomes readable */
    EVENT_SUSPEND, /* the machine sleeps */
    EVENT_STEP,    /* the machine's wall clock is set */
};

struct event {
    int64_t due_ms;
    uint64_t order; /* of two events at the same time the older one is first */
    enum event_kind kind;
    int64_t span_ms; /* of EVENT_SUSPEND and EVENT_STEP */
    void *subject;   /* the flight of EVENT_ARRIVAL and EVENT_ANSWER */
};

struct world {
    uint64_t seed;
    int64_t now_ms;       /* the true time since the start, also that of the monotonic clock */
    int64_t wall_off_ms;  /* the machine's wall clock minus the hub's */
    bool clock_is_honest; /* the wall clock was never wrong */
    int64_t suspended_ms; /* how long the machine has slept so far */
    struct event *events; /* a heap */
    size_t event_count, event_capacity;
    uint64_t next_order;
    int cancel_fd;       /* an eventfd */
    bool is_cancelled;   /* cancel_fd is readable */
    struct chance noise; /* for the delays and ids of the library */
    uint64_t trace;      /* a hash of all requests and results */
    bool shows;          /* print the trace */
    char violation[512]; /* the first violation of an invariant; "": none */
};

void world_init(struct world *world, uint64_t seed);
void world_clear(struct world *world);
/* Adds an event; a due time in the past is now. */
void world_add(struct world *world, int64_t due_ms, enum event_kind kind, int64_t span_ms,
               void *subject);
/* Removes the next event if it is due at until_ms or before, and returns true with it. */
bool world_take(struct world *world, int64_t until_ms, struct event *event);
/* Returns the hub's time at a moment, in ms since 1970. */
int64_t world_hub_ms(int64_t at_ms);
/* Makes cancel_fd readable, and unreadable again. */
void world_cancel(struct world *world);
void world_end_cancel(struct world *world);
struct clock world_clock(struct world *world);
/* Adds bytes to the trace. */
void world_trace(struct world *world, const void *data, size_t size);
/* Prints a line if the trace is shown. */
__attribute__((format(printf, 2, 3))) void world_log(const struct world *world, const char *format,
                                                     ...);
/* Records that an invariant is violated. */
__attribute__((format(printf, 2, 3))) void world_fail(struct world *world, const char *format, ...);

#endif
