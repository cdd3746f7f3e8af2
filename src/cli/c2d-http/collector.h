/* Takes feedback off the hub's queue, which is one for all who send: every record into a sink, and
 * only then is its batch completed. */
#ifndef COLLECTOR_H
#define COLLECTOR_H

#include "../common/sink.h"

enum { COLLECTOR_RECENT = 64 };

struct collector {
    const struct app *app;
    struct sink sink;
    /* Gets each record, the line of JSON, once it is safe in the sink; NULL: nobody does. */
    void (*on_record)(void *context, const char *line);
    void *context;
    bool keep;            /* settle nothing */
    int64_t records;      /* that came */
    int64_t lost_at_ms;   /* an answer that was lost then may have locked a batch; 0: none was */
    enum c2d_status told; /* trouble that was reported before, and is not told again */
    enum c2d_status hub;  /* why the hub could not be asked to the end; C2D_OK: it could */
    bool filtered;        /* hub is C2D_AUTH, but of a filter on the way: that may pass */
    /* The last batches: one that comes again before its lock can expire is noticed. */
    struct recent_batch {
        uint64_t hash; /* of its records; 0: none */
        int64_t lock_expires_ms;
        unsigned early_returns;
    } recent[COLLECTOR_RECENT];
    size_t recent_next;
};

/* Takes one batch. C2D_NO_MESSAGE, not reported, when there is none, or another one reads the queue
 * for the same file. */
enum c2d_status collector_take(struct collector *collector);
/* The same until there is none, or, where that is not 0, count records have come. C2D_OK also when
 * there was none; C2D_LOCK_LOST does not end it. */
enum c2d_status collector_drain(struct collector *collector, int64_t count);

#endif
