/* What became of the lines of a batch: one result line for each on stdout, how many of each, and at
 * the end one line on stderr if some were not sent. */
#ifndef BATCH_RESULT_H
#define BATCH_RESULT_H

#include "batch_queue.h"

/* A failure, and the line that it happened to. */
struct batch_cause {
    struct c2d_error error;
    long long line; /* 0: no line of its own, as with an output that failed */
    char device_id[132], message_id[132];
};

/* Zeroed but for app. */
struct batch_results {
    const struct app *app;
    long long enqueued, failed; /* failed: not sent, or in doubt, or skipped */
    long long in_doubt;         /* of those that failed */
    long long unsendable;       /* likewise: nothing but another line helps */
    long long asked;            /* lines that took a request */
    long long done_before;      /* enqueued by an earlier run */
    enum c2d_status first_failure;
    bool output_failed;              /* it was reported, and no more is printed */
    struct batch_cause first, ended; /* the first failure; what ended the batch */
};

/* Counts item and prints its result with one write(2). outcome: enqueued, failed, unknown or
 * skipped. Returns C2D_OK, or what the output failed with, which is reported. */
enum c2d_status batch_result_add(struct batch_results *results, const struct batch_item *item,
                                 const char *outcome, const struct c2d_error *error);
/* The same for a line that is skipped because a signal or results->ended ends the batch. */
enum c2d_status batch_result_skip(struct batch_results *results, const struct batch_item *item);
/* Reports on stderr that not all lines were sent, or what ended the batch, if one is the case.
 * status: what the program exits with; unread: the input that was not read to its end, or NULL. */
void batch_result_report(const struct batch_results *results, enum c2d_status status,
                         const char *unread, bool has_journal);

#endif
