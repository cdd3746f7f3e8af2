/* What became of the lines of a batch: one result line for each on stdout, and how many of each. */
#ifndef BATCH_RESULT_H
#define BATCH_RESULT_H

#include "batch_queue.h"

/* Zeroed but for app. */
struct batch_results {
    const struct app *app;
    long long enqueued, failed;
    enum c2d_status first_failure;
    bool output_failed; /* it was reported, and no more is printed */
};

/* Counts item and prints its result with one write(2). outcome: enqueued, failed, unknown or
 * skipped. Returns C2D_OK, or what the output failed with, which is reported. */
enum c2d_status batch_result_add(struct batch_results *results, const struct batch_item *item,
                                 const char *outcome, const struct c2d_error *error);

#endif
