#include "batch_state.h"

#include "../common/report.h"
#include "../common/stop.h"

void batch_stop(struct batch *batch, enum c2d_status status, const struct c2d_error *error)
{
    if (status != C2D_OK && batch->stop == C2D_OK) {
        batch->results.ended.error = *error;
        report_name_options(&batch->results.ended.error);
        stop_request();
    }
    batch->stop = worse(batch->stop, status);
}

void batch_print(struct batch *batch, const struct batch_item *item, const char *outcome,
                 const struct c2d_error *result)
{
    struct c2d_error error = { 0 };

    batch_stop(batch, batch_result_add(&batch->results, item, outcome, result, &error), &error);
}

void batch_skip(struct batch *batch, const struct batch_item *item)
{
    struct c2d_error error = { 0 };

    batch_stop(batch, batch_result_skip(&batch->results, item, &error), &error);
}
