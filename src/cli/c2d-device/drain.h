/* One drain of the hub's queue: receive, have each message dealt with, settle, until none waits. */
#ifndef DRAIN_H
#define DRAIN_H

#include "../common/app.h"
#include "seen.h"

/* A queue holds 50: after so many messages that cannot be read the drain ends. */
enum { UNREADABLE_MAX = 50 };

/* number counts from 1, the lock expires at deadline_ms of the monotonic clock; reports what goes
 * wrong. */
typedef struct dealt drain_deal(void *context, const struct c2d_message *message, long long number,
                                int64_t deadline_ms);

struct drain {
    const struct app *app;
    drain_deal *deal;
    void *context;
    /* What follows each drain: NULL, or handling what a spool keeps. Its status counts, too. After
     * a signal it is called only if some message was not settled for sure. */
    enum c2d_status (*follow)(struct drain *drain);
    int64_t count;      /* at most so many messages; 0: all that wait */
    bool tells_results; /* a line for each settlement of a handler's message */
    /* Trouble with the hub that an earlier drain reported: it is not reported again. */
    enum c2d_status reported;
    long long received;
    int64_t started_at_s;   /* the present drain, by the wall clock */
    int64_t lost_at_ms;     /* a GET that was lost then may have locked a message; 0: none was */
    enum c2d_status result; /* the worst of what happened; C2D_OK also when nothing waited */
    enum c2d_status hub;    /* why the hub could not be asked to the end; C2D_OK: it could */
    bool filtered;          /* hub is C2D_AUTH, but of a filter on the way: that may pass */
    struct seen_list seen;  /* messages of the present drain */
    /* Sequence numbers of messages that cannot be read and were reported, the last ones. */
    char unreadable[UNREADABLE_MAX][sizeof((struct c2d_error *)NULL)->unreadable_sequence_number];
    size_t unreadable_next;
};

/* The result line of a handler's message, when it is wanted. */
void drain_tell_result(const struct drain *drain, const struct dealt *dealt, const char *message_id,
                       const char *sequence_number, const char *settled);
/* If this drain has received message and not settled it for sure, so that the hub may deliver it
 * again: when its lock expires, by clock_monotonic_ms(NULL). Else 0. */
int64_t drain_in_doubt_until_ms(const struct drain *drain, const struct c2d_message *message);
/* True if this drain has settled message for sure. */
bool drain_has_settled(const struct drain *drain, const struct c2d_message *message);
/* True if some message of this drain was not settled for sure. */
bool drain_has_unsettled(const struct drain *drain);
/* Drains once. What an earlier drain received and lost is still counted. */
void drain_run(struct drain *drain);

#endif
