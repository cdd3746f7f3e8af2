/* status: prints what the registry knows about devices, without their keys. Several look-ups run at
 * once; the results are printed in the order of the arguments. */
#include "../common/failure.h"
#include "../common/output.h"
#include "../common/report.h"
#include "../common/session.h"
#include "../common/several.h"
#include "base/json_write.h"
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    PARALLEL = 8,
    WINDOW = 64,  /* look-ups in flight or waiting to be printed in order */
    IN_A_ROW = 3, /* consecutive failures that end the look-ups */
};

struct result {
    bool is_complete;
    struct c2d_device_info *info; /* NULL: see error */
    struct c2d_error error;
};

struct lookup {
    struct app *app;
    struct several several;
    struct result results[WINDOW]; /* of the devices from `printed` to `submitted` */
    size_t submitted, printed, in_flight;
    size_t failed_in_a_row;
    struct c2d_error cause;  /* why no more look-ups start; C2D_OK: they go on */
    size_t cause_at;         /* index of the device whose look-up failed with it */
    size_t not_reported;     /* devices that failed with the same status */
    struct c2d_error output; /* of writing to stdout */
};

static enum c2d_status print_device(const struct app *app, const struct c2d_device_info *info,
                                    struct c2d_error *error)
{
    struct buf line;

    json_begin(&line);
    json_append_text(&line, "deviceId", info->device_id);
    json_append_text(&line, "status", info->status);
    json_append_text(&line, "connectionState", info->connection_state);
    if (info->message_count >= 0)
        json_append_number(&line, "cloudToDeviceMessageCount", info->message_count);
    json_append_text(&line, "lastActivityTime", info->last_activity_time);
    json_append_text(&line, "generationId", info->generation_id);
    return output_object(app, &line, error);
}

/* ---- What ends the lookup ---- */

/* True if all further look-ups would probably fail like this one. */
static bool concerns_all(struct lookup *lookup, const struct c2d_error *error)
{
    if (error->status == C2D_OK || error->status == C2D_DRY_RUN || error->status == C2D_NOT_FOUND) {
        lookup->failed_in_a_row = 0;
        return false;
    }
    if (error->step == C2D_STEP_NAME || error->step == C2D_STEP_CONNECTION
        || error->step == C2D_STEP_TLS || error->http_status == 401)
        return true;
    if (error->status == C2D_THROTTLED /* the client has already waited */
        || (error->status != C2D_AUTH && status_ends_run(error->status)))
        return true;
    /* A filter or a fault of the hub may affect a single device. */
    return ++lookup->failed_in_a_row >= IN_A_ROW;
}

static bool goes_on(const struct lookup *lookup)
{
    return lookup->cause.status == C2D_OK && lookup->output.status == C2D_OK;
}

/* Reports once for all devices that were not looked up or failed with the same status. */
static void report_cause(const struct lookup *lookup)
{
    const struct app *app = lookup->app;
    const char *device_id = app->words[lookup->cause_at];
    size_t missing = app->word_count - lookup->submitted + lookup->not_reported;
    struct c2d_error error = lookup->cause;

    if (missing > 1)
        snprintf(error.text, sizeof error.text,
                 "%zu of %zu devices not looked up: '%.128s': %.300s", missing, app->word_count,
                 device_id, lookup->cause.text);
    report_error(app, &error, &(struct subject) { device_id, NULL });
}

/* ---- Looking up, and printing in the order of the arguments ---- */

static void add_result(struct lookup *lookup, size_t at, struct c2d_device_info *info,
                       const struct c2d_error *error)
{
    lookup->results[at % WINDOW] = (struct result) { true, info, *error };
    if (concerns_all(lookup, error) && lookup->cause.status == C2D_OK) {
        lookup->cause = *error;
        lookup->cause_at = at;
    }
}

static void submit_next(struct lookup *lookup)
{
    size_t at = lookup->submitted++;
    struct c2d_error error;

    if (c2d_submit(lookup->app->client,
                   &(struct c2d_request) { .action = C2D_ACTION_DEVICE_INFO,
                                           .device_id = lookup->app->words[at],
                                           .tag = &lookup->app->words[at] },
                   &error)
        == C2D_OK)
        lookup->in_flight++;
    else
        add_result(lookup, at, NULL, &error);
}

static void print_result(struct lookup *lookup, const struct result *result)
{
    const struct c2d_error *error = &result->error;

    several_add(&lookup->several, error->status);
    if (result->info != NULL && lookup->output.status == C2D_OK)
        lookup->output.status = print_device(lookup->app, result->info, &lookup->output);
    else if (error->status != C2D_OK && error->status == lookup->cause.status)
        lookup->not_reported++;
    else if (error->status != C2D_OK)
        report_error(lookup->app, error,
                     &(struct subject) { lookup->app->words[lookup->printed], NULL });
}

static void print_results(struct lookup *lookup)
{
    struct result *result = &lookup->results[lookup->printed % WINDOW];

    while (lookup->printed < lookup->submitted && result->is_complete) {
        print_result(lookup, result);
        c2d_device_info_free(result->info);
        *result = (struct result) { 0 };
        lookup->printed++;
        result = &lookup->results[lookup->printed % WINDOW];
    }
}

static enum c2d_status look_up_all(struct lookup *lookup, struct c2d_error *error)
{
    struct app *app = lookup->app;
    struct c2d_result result;

    for (;;) {
        while (goes_on(lookup) && lookup->submitted < app->word_count
               && lookup->in_flight < PARALLEL && lookup->submitted - lookup->printed < WINDOW)
            submit_next(lookup);
        print_results(lookup);
        if (!c2d_wait(app->client, -1, &result))
            break;
        lookup->in_flight--;
        add_result(lookup, (size_t)((char **)result.tag - app->words), result.device_info,
                   &result.error);
    }
    if (lookup->cause.status != C2D_OK)
        report_cause(lookup);
    *error = lookup->output;
    if (error->status != C2D_OK)
        return error->status;
    return lookup->cause.status != C2D_OK ? lookup->cause.status : several_status(&lookup->several);
}

static enum c2d_status run(struct app *app, void *settings, struct c2d_error *error)
{
    struct lookup *lookup;
    enum c2d_status status;

    (void)settings;
    if (app->word_count == 0)
        return fail_usage(app, error, "no device: status takes one or more");
    /* Check all ids before the first request, so that a wrong one costs no requests. */
    for (size_t i = 0; i < app->word_count; i++)
        if (c2d_check_device_id(app->words[i], error) != C2D_OK)
            return error->status;
    status = session_open(
        app, &(struct session_needs) { .parallel = app->word_count > 1 ? PARALLEL : 0 }, error);
    if (status != C2D_OK)
        return status;
    lookup = calloc(1, sizeof *lookup);
    if (lookup == NULL)
        return fail_memory(error);
    lookup->app = app;
    status = look_up_all(lookup, error);
    free(lookup);
    return status;
}

const struct command status_command = {
    .name = "status",
    .arguments = "DEVICE...",
    .summary = "show what the registry knows about devices; needs RegistryRead",
    .about = "A line of JSON for each device: whether it is enabled, and how many messages are "
             "queued. The\n"
             "connection string must be that of a policy with RegistryRead, such as iothubowner.\n",
    .examples = "status dev1\n"
                "status dev1 dev2 -C ~/.config/c2d/iothubowner.conn",
    .prints = true,
    .run = run,
};
