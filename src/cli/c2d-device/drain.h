/* One drain of the hub's queue: receive, have each message dealt with, settle, until none waits. */
#ifndef DRAIN_H
#define DRAIN_H

#include "../common/app.h"
#include "verdict.h"

/* number counts from 1, the lock lapses at deadline_ms of the monotonic clock; reports what goes
 * wrong. */
typedef struct dealt drain_deal(void *context, const struct c2d_message *message, long long number,
                                int64_t deadline_ms);

struct drain {
    const struct app *app;
    drain_deal *deal;
    void *context;
    /* What follows each drain: NULL, or handling what a spool keeps. Its status counts, too. */
    enum c2d_status (*follow)(struct drain *drain);
    int64_t count;      /* at most so many messages; 0: all that wait */
    bool tells_results; /* a line for each settlement of a handler's message */
    bool is_offline;    /* told before: that the hub cannot be asked is no news */
    long long received;
    int64_t lock_end_ms;    /* of the message at hand, by the monotonic clock; 0: not known */
    int64_t lost_at_ms;     /* a GET that was lost then may have locked a message; 0: none was */
    enum c2d_status result; /* the worst of what happened; C2D_OK also when nothing waited */
    enum c2d_status hub;    /* why the hub could not be asked to the end; C2D_OK: it could */
    struct seen *seen;      /* messages that may come again before the drain has ended */
    size_t seen_count;
};

/* The result line of a handler's message, when it is wanted. */
void drain_tell_result(const struct drain *drain, const struct dealt *dealt, const char *message_id,
                       const char *sequence_number, const char *settled);
/* Was the hub not known to have forgotten message, at the last try of this drain? Then it comes
 * again. */
bool drain_is_in_doubt(const struct drain *drain, const struct c2d_message *message);
/* Drains once. What an earlier drain received and lost is still counted. */
void drain_run(struct drain *drain);
void drain_clear(struct drain *drain);

#endif
