/* The state of a batch, and the results that may end it. */
#ifndef BATCH_STATE_H
#define BATCH_STATE_H

#include "batch_devices.h"
#include "batch_end.h"
#include "batch_input.h"
#include "batch_progress.h"
#include "batch_rate.h"
#include "batch_result.h"

struct batch {
    struct app *app;
    const struct batch_settings *settings;
    struct batch_input input;
    struct batch_queue queue;
    struct batch_journal journal;
    struct batch_progress progress;
    bool input_ended;
    size_t in_flight;
    enum c2d_status stop; /* why no more lines are sent; C2D_OK: the batch goes on */
    struct batch_end end;
    struct batch_results results;
    long long journaled; /* lines that earlier runs have enqueued */
    struct batch_rate rate;
    struct batch_devices devices;
};

/* Ends the batch with error, which the summary reports: requests in flight get 5 s, back-offs are
 * cancelled. status C2D_OK: the batch goes on. */
void batch_stop(struct batch *batch, enum c2d_status status, const struct c2d_error *error);
/* Prints the result of a line. See batch_result_add(). */
void batch_print(struct batch *batch, const struct batch_item *item, const char *outcome,
                 const struct c2d_error *result);
/* Prints that a line was skipped, because the batch ends. */
void batch_skip(struct batch *batch, const struct batch_item *item);

#endif
