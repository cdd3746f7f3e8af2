#include "batch_result.h"

#include "../common/json_line.h"
#include "../common/output.h"
#include "../common/report.h"
#include "../common/signals.h"

#include <stdlib.h>
#include <string.h>

/* The caller's; NULL when out of memory. */
static char *line_of(const struct batch_results *results, const struct batch_item *item,
                     const char *outcome, const struct c2d_error *error, bool has_failed)
{
    const char *own_id = item->outgoing == NULL ? NULL : item->outgoing->message.message_id;
    char *error_json = has_failed ? report_error_json(results->app, error) : NULL;
    struct json_line line;

    json_begin(&line);
    json_number(&line, "line", item->line);
    json_text(&line, "deviceId", item->device_id);
    /* A line that could not be read has an id of its own that nobody knows. */
    json_text(&line, "messageId",
              item->outgoing == NULL ? NULL
              : own_id != NULL       ? own_id
                                     : item->entry.id);
    json_text(&line, "status", outcome);
    json_bool(&line, "maybeDuplicate", error->earlier_try_unanswered || item->entry.is_doubtful);
    json_number(&line, "attempts", error->attempts);
    json_raw(&line, "error", error_json);
    free(error_json);
    return json_end(&line);
}

enum c2d_status batch_result_add(struct batch_results *results, const struct batch_item *item,
                                 const char *outcome, const struct c2d_error *error)
{
    bool has_failed = error->status != C2D_OK && error->status != C2D_CANCELLED;
    enum c2d_status status = C2D_OK;

    if (strcmp(outcome, "enqueued") == 0) {
        results->enqueued++;
    } else {
        results->failed++;
        if (results->first_failure == C2D_OK && (has_failed || signals_caught() != 0))
            results->first_failure = error->status;
    }
    if (!results->output_failed && (!results->app->common.quiet || has_failed)) {
        char *text = line_of(results, item, outcome, error, has_failed);

        status = output_line(results->app, text);
        results->output_failed = status != C2D_OK;
        free(text);
    }
    return status;
}
