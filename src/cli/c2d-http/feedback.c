/* feedback: reads the hub's delivery feedback, once or continuously. */
#include "../common/failure.h"
#include "../common/polling.h"
#include "../common/report.h"
#include "../common/session.h"
#include "../common/stop.h"
#include "../common/waiting.h"
#include "base/clock.h"
#include "collector.h"
#include "commands.h"

struct settings {
    int64_t count, wait_ms, interval_ms;
    bool keep, follow;
    const char *output;
};

#define AT(member) offsetof(struct settings, member)

static const struct option options[] = {
    { 0, "follow", NULL, "poll the hub at each interval, until a signal", OPTION_FLAG, AT(follow),
      0, 0 },
    { 'c', "count", "N", "stop after N records or more, by whole batches; exit code 10: none",
      OPTION_NUMBER, AT(count), 1, INT32_MAX },
    { 0, "wait", "D", "if there is none, poll until D has passed; exit code 10: none",
      OPTION_DURATION, AT(wait_ms), 0, (int64_t)365 * 86400000 },
    { 0, "interval", "D", "how often to poll the hub (10s)", OPTION_DURATION, AT(interval_ms), 100,
      (int64_t)86400000 },
    { 0, "keep", NULL, "only look: print one batch and leave it in the hub", OPTION_FLAG, AT(keep),
      0, 0 },
    { 'o', "output", "FILE", "append to FILE; one collector per file", OPTION_TEXT, AT(output), 0,
      0 },
    { 0, NULL, NULL, NULL, OPTION_FLAG, 0, 0, 0 },
};

static void defaults(void *settings)
{
    ((struct settings *)settings)->interval_ms = 10000;
}

static enum c2d_status drain_once(struct collector *collector, const struct settings *settings,
                                  struct c2d_error *error)
{
    struct waiting waiting = waiting_begin(settings->wait_ms, settings->interval_ms);
    enum c2d_status status;

    do
        status = collector_drain(collector, settings->count, error);
    while (status == C2D_OK && collector->records == 0 && waiting_next(&waiting));
    if (collector->records == 0)
        status = stop_result(status, error);
    /* The lost response may have been a batch, so "no feedback" could be wrong. */
    if (status == C2D_OK && collector->receiver.lost_at_ms != 0)
        return fail_with_hint(error, C2D_NETWORK, "try again in a minute",
                              "a request got no response from the hub: a batch may be locked for a "
                              "minute");
    if (status == C2D_OK && collector->records == 0
        && (settings->count > 0 || settings->wait_ms > 0))
        status = fail(error, C2D_NO_MESSAGE, "no feedback came");
    return status;
}

/* Reports each error once, as it occurs. */
static enum c2d_status follow(struct collector *collector, int64_t interval_ms,
                              struct c2d_error *error)
{
    struct polling polling = { .app = collector->app, .interval_ms = interval_ms };
    enum c2d_status result;
    int64_t delay_ms;

    do {
        struct c2d_error failed = { 0 };

        collector->reported = polling.reported;
        result = collector_drain(collector, 0, &failed);
        report_error(collector->app, &failed, NULL);
        polling.filtered = collector->filtered;
        delay_ms = polling_next(&polling, result, collector->hub_status,
                                collector->receiver.lost_at_ms != 0);
    } while (delay_ms >= 0 && waiting_sleep_until(clock_monotonic_ms(NULL) + delay_ms));
    return stop_result(result, error);
}

/* Opens the output. With -o, no other collector may use the file until this one ends. */
static enum c2d_status open_output(struct collector *collector, const struct settings *settings,
                                   struct c2d_error *error)
{
    enum c2d_status status;

    if (collector->app->common.dry_run)
        return C2D_OK;
    status = sink_open(&collector->sink, error);
    if (status == C2D_OK && (settings->follow || settings->wait_ms > 0))
        sink_watch_reader(&collector->sink);
    if (status != C2D_OK || settings->follow)
        return status;
    /* A "send --wait" may be reading the queue. It yields to a collector with --follow,
     * but not at once. */
    status = sink_lock_reader(&collector->sink, error);
    return status == STATUS_LOCKED
               ? fail(error, STATUS_LOCKED, "a 'send --wait' is collecting feedback into '%s'",
                      settings->output)
               : status;
}

static enum c2d_status run(struct app *app, void *arguments, struct c2d_error *error)
{
    const struct settings *settings = arguments;
    struct collector collector = {
        .app = app,
        .receiver = { .app = app, .action = C2D_ACTION_FEEDBACK },
        .sink = { .app = app,
                  .path = settings->output,
                  .heals = true,
                  .use = SINK_COLLECTS,
                  .fd = -1 },
        .keep = settings->keep,
    };
    enum c2d_status status;

    if (app->word_count > 0)
        return fail_usage(app, error,
                          "feedback is for the whole hub and takes no arguments, not '%.60s'",
                          app->words[0]);
    if (settings->follow && (settings->count > 0 || settings->wait_ms > 0 || settings->keep))
        return fail_usage(app, error, "--follow cannot be combined with -c, --wait or --keep");
    status = session_open(
        app,
        &(struct session_needs) { .parallel = RECEIVER_PARALLEL, .retry_budget = settings->follow },
        error);
    if (status == C2D_OK)
        status = open_output(&collector, settings, error);
    if (status == C2D_OK)
        status = settings->follow ? follow(&collector, settings->interval_ms, error)
                                  : drain_once(&collector, settings, error);
    sink_close(&collector.sink);
    return status;
}

const struct command feedback_command = {
    .name = "feedback",
    .arguments = "",
    .summary = "read the outcome of messages sent with --ack",
    .about = "Prints what became of messages, a line of JSON each, and removes that from the hub. "
             "A hub\n"
             "has one queue of feedback for all its readers.\n",
    .examples = "feedback -o feedback.jsonl\n"
                "feedback --follow -o feedback.jsonl",
    .options = options,
    .settings_size = sizeof(struct settings),
    .defaults = defaults,
    .run = run,
};
