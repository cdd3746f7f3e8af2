/* Reads the hub's feedback queue, which all senders share. A batch is completed only after all of
 * its records are safe in a sink. */
#ifndef COLLECTOR_H
#define COLLECTOR_H

#include "../common/receiver.h"
#include "../common/sink.h"

enum { COLLECTOR_RECENT = 64 };

struct collector {
    const struct app *app;
    struct sink sink;
    /* Called for each record, a line of JSON, after it is safe in the sink. May be NULL. */
    void (*on_record)(void *context, const char *line);
    void *context;
    bool keep;       /* settle nothing */
    int64_t records; /* received so far */
    int64_t wanted;  /* with fewer, collector_drain() goes on; 0 for collector_take() alone */
    struct receiver receiver;
    enum c2d_status reported;   /* an error that is not returned again; set by the caller */
    enum c2d_status hub_status; /* the last error of a request to the hub; C2D_OK: no error */
    bool filtered; /* hub_status is C2D_AUTH, sent by a filter in the path: may be temporary */
    /* The last batches, to detect one that is delivered again before its lock expires. */
    struct recent_batch {
        uint64_t hash; /* of its records; 0: free entry */
        int64_t lock_expires_ms;
        unsigned early_deliveries;
    } recent[COLLECTOR_RECENT];
    size_t recent_next;
};

/* Receives one batch, writes and completes it. Returns C2D_NO_MESSAGE without an error text if
 * the queue is empty or another process reads it into the same file. error, zeroed before, is not
 * set for C2D_LOCK_LOST, which is a warning, and not for a status that is `reported`. */
enum c2d_status collector_take(struct collector *collector, struct c2d_error *error);
/* Receives batches until the queue is empty or, unless count is 0, count records were received.
 * Returns C2D_OK for an empty queue too. C2D_LOCK_LOST does not end it. */
enum c2d_status collector_drain(struct collector *collector, int64_t count,
                                struct c2d_error *error);

#endif
