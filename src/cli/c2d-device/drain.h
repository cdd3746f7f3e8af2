/* Drains the queue of the device: receives, processes and settles messages until it is empty. */
#ifndef DRAIN_H
#define DRAIN_H

#include "../common/receiver.h"
#include "seen.h"

/* The size of a queue. The drain ends at this many unreadable messages. */
enum { UNREADABLE_MAX = 50 };

/* Processes one message and reports errors. number counts from 1. deadline_ms is the lock expiry,
 * by clock_monotonic_ms(NULL). */
typedef struct disposition drain_process(void *context, const struct c2d_message *message,
                                         long long number, int64_t deadline_ms);

struct drain {
    const struct app *app;
    drain_process *process;
    void *context;
    /* Called after each drain, or NULL. With a spool it runs the handler for the stored messages.
     * Its status counts as the drain's. */
    enum c2d_status (*follow)(struct drain *drain);
    int64_t count;        /* the maximum of messages; 0: no limit */
    bool reports_results; /* print a line for each settlement of a handler's message */
    /* The error of the hub that an earlier drain reported. It is not reported again. */
    enum c2d_status reported;
    long long received;
    int64_t started_at_s;       /* start of the current drain, by the wall clock */
    enum c2d_status result;     /* the worst status; C2D_OK if the queue was empty */
    enum c2d_status hub_status; /* the hub's error that ended the drain; C2D_OK: none */
    bool filtered; /* hub_status is C2D_AUTH from a filter in the path: it may be temporary */
    struct receiver receiver;
    struct seen_list seen; /* messages of the current drain */
    /* Sequence numbers of the unreadable messages that were reported last. */
    char unreadable[UNREADABLE_MAX][sizeof((struct c2d_error *)NULL)->unreadable_sequence_number];
    size_t unreadable_next;
};

/* Prints the result line of a handler's message if reports_results is set. */
void drain_report_result(const struct drain *drain, const struct disposition *disposition,
                         const char *message_id, const char *sequence_number, const char *settled);
/* Returns the lock expiry of a message that this drain received but did not settle, by
 * clock_monotonic_ms(NULL). The hub may deliver it again. Returns 0 for any other message. */
int64_t drain_in_doubt_until_ms(const struct drain *drain, const struct c2d_message *message);
/* True if this drain settled message. */
bool drain_has_settled(const struct drain *drain, const struct c2d_message *message);
/* True if a message of this drain was not settled. */
bool drain_has_unsettled(const struct drain *drain);
/* Drains once. received and receiver continue from the previous drain. */
void drain_run(struct drain *drain);

#endif
