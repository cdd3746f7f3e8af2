/* The results of a batch: one line on stdout for each input line, counters, and a summary on stderr
 * if some lines were not sent. */
#ifndef BATCH_RESULT_H
#define BATCH_RESULT_H

#include "batch_queue.h"

/* A failure and its line. */
struct batch_cause {
    struct c2d_error error;
    long long line; /* 0: not the failure of a line, for instance of stdout */
    char device_id[132], message_id[132];
};

/* Starts zeroed, except app. */
struct batch_results {
    const struct app *app;
    long long enqueued, failed; /* failed: not sent, in doubt or skipped */
    long long in_doubt;         /* among failed */
    long long unsendable;       /* among failed: the line itself is invalid */
    long long requested;        /* lines that needed a request */
    long long done_before;      /* enqueued by an earlier run */
    enum c2d_status first_failure;
    bool output_failed;              /* stdout failed: no more results are printed */
    struct batch_cause first, ended; /* the first failure; the one that ended the batch */
};

/* Counts item and prints its result with one write(2). outcome is enqueued, failed, unknown or
 * skipped. Returns the status of stdout. */
enum c2d_status batch_result_add(struct batch_results *results, const struct batch_item *item,
                                 const char *outcome, const struct c2d_error *result,
                                 struct c2d_error *error);
/* Same for a line that is skipped because of a signal or of results->ended. */
enum c2d_status batch_result_skip(struct batch_results *results, const struct batch_item *item,
                                  struct c2d_error *error);
/* Reports on stderr the lines that were not sent and the error that ended the batch, if any. status
 * is the exit status. unread is the name of an input that was not read to its end, or NULL. */
void batch_result_report(const struct batch_results *results, enum c2d_status status,
                         const char *unread, bool has_journal);

#endif
