/* receive and poll: take the messages that wait, make each safe or have it handled, and only then
 * settle it. */
#include "../common/monotonic.h"
#include "../common/report.h"
#include "../common/session.h"
#include "../common/sink.h"
#include "../common/waiting.h"
#include "commands.h"
#include "drain.h"
#include "format.h"
#include "handler.h"
#include "lock.h"
#include "poll.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_MS = C2D_LOCK_S * 1000, HANDLER_MS = 50000, HANDLER_MAX_MS = 54000 };

struct settings {
    int64_t count, wait_ms, interval_ms, handler_timeout_ms, reject_code;
    bool keep, no_lock;
    const char *format, *output;
};

#define AT(member) offsetof(struct settings, member)
#define YEAR_MS ((int64_t)365 * 86400000)

/* The first two are receive's alone; poll begins behind them. */
static const struct option options[] = {
    { 'c', "count", "N", "at most N messages (default: all that wait); 10 if none came",
      OPTION_NUMBER, AT(count), 1, INT32_MAX },
    { 0, "wait", "D", "when there is none, ask again until D has passed; 10 if none came",
      OPTION_DURATION, AT(wait_ms), 0, YEAR_MS },
    { 0, "interval", "D", "how often to ask (receive: 10s, poll: 25m), give or take 10 %",
      OPTION_DURATION, AT(interval_ms), 100, YEAR_MS },
    { 0, "keep", NULL, "print and settle nothing: locked for a minute, then it comes again",
      OPTION_FLAG, AT(keep), 0, 0 },
    { 0, "format", "json|text|raw", "json: a line each; text: for people; raw: one body (-c 1)",
      OPTION_TEXT, AT(format), 0, 0 },
    { 'o', "output", "FILE", "append there, on the disk before anything is settled", OPTION_TEXT,
      AT(output), 0, 0 },
    { 0, "handler-timeout", "D", "stop a handler that takes longer (50s; at most 54s)",
      OPTION_DURATION, AT(handler_timeout_ms), 1000, HANDLER_MAX_MS },
    { 0, "reject-code", "N", "a handler that ends with N has its message rejected: it is gone",
      OPTION_NUMBER, AT(reject_code), 1, 125 },
    { 0, "no-lock", NULL, "do not care about other instances for the same device", OPTION_FLAG,
      AT(no_lock), 0, 0 },
    { 0, NULL, NULL, NULL, OPTION_FLAG, 0, 0, 0 },
};

static void defaults(void *arguments)
{
    struct settings *settings = arguments;

    settings->interval_ms = 10000;
    settings->handler_timeout_ms = HANDLER_MS;
    settings->reject_code = -1;
}

static void poll_defaults(void *arguments)
{
    defaults(arguments);
    ((struct settings *)arguments)->interval_ms = (int64_t)25 * 60000;
}

/* ---- Ways to deal with a message ---- */

struct writer {
    const struct app *app;
    const struct settings *settings;
    enum format format;
    struct sink sink;
};

/* When the lock lapses, by the clock that is not set. */
static int64_t lock_end_ms(const struct c2d_message *message)
{
    int64_t left_ms = (message->lock_deadline_s - (int64_t)time(NULL)) * 1000;

    return monotonic_ms() + (left_ms > LOCK_MS ? LOCK_MS : left_ms);
}

/* Makes message safe in the output. Local trouble leaves it: an abandon would cost one of its ten
 * deliveries. */
static struct dealt write_message(void *context, const struct c2d_message *message,
                                  long long number)
{
    struct writer *writer = context;
    size_t size = 0;
    char *record = format_message(writer->format, message, number, &size);
    struct dealt dealt = { .handler_exit = -1 };

    if (record == NULL)
        dealt.status = report_failure(writer->app, C2D_OS, NULL, "out of memory");
    else
        dealt.status = sink_put(&writer->sink, writer->app, record, size, lock_end_ms(message));
    free(record);
    dealt.verdict = dealt.status != C2D_OK   ? VERDICT_STOP
                    : writer->settings->keep ? VERDICT_LEAVE
                                             : VERDICT_COMPLETE;
    return dealt;
}

static struct dealt run_handler(void *context, const struct c2d_message *message, long long number)
{
    struct handler_result result = handler_run(context, message);

    (void)number;
    return (struct dealt) { result.verdict, result.status, result.exit, result.ms };
}

/* ---- The commands ---- */

static enum c2d_status choose_format(struct app *app, const struct settings *settings,
                                     enum format *format)
{
    bool for_people = settings->output == NULL && isatty(STDOUT_FILENO) && !app->common.json;

    *format = for_people ? FORMAT_TEXT : FORMAT_JSON;
    if (settings->format == NULL)
        return C2D_OK;
    if (strcmp(settings->format, "json") == 0)
        *format = FORMAT_JSON;
    else if (strcmp(settings->format, "text") == 0)
        *format = FORMAT_TEXT;
    else if (strcmp(settings->format, "raw") == 0)
        *format = FORMAT_RAW;
    else
        return report_usage(app, "--format takes json, text or raw, not '%.60s'", settings->format);
    if (*format == FORMAT_RAW && settings->count != 1)
        return report_usage(app, "--format raw needs -c 1: bodies in a row could not be told "
                                 "apart");
    return C2D_OK;
}

static enum c2d_status check(struct app *app, const struct settings *settings, bool has_handler)
{
    const char *excluded = settings->output != NULL   ? "-o"
                           : settings->format != NULL ? "--format"
                           : settings->keep           ? "--keep"
                                                      : NULL;

    if (app->words_before_end > 0)
        return report_usage(app, "'%.60s' is no option: a handler stands behind --", app->words[0]);
    if (app->has_end && !has_handler)
        return report_usage(app, "there is no handler behind --");
    if (has_handler && excluded != NULL)
        return report_usage(app, "%s and a handler exclude each other: the handler has the message",
                            excluded);
    if (!has_handler && settings->reject_code >= 0)
        return report_usage(app, "--reject-code is for a handler, which stands behind --");
    return C2D_OK;
}

static enum c2d_status receive(struct drain *drain, const struct settings *settings)
{
    struct waiting waiting = waiting_begin(settings->wait_ms, settings->interval_ms);

    do
        drain_run(drain);
    while (drain->result == C2D_OK && drain->received == 0 && waiting_next(&waiting));
    if (drain->result == C2D_OK && drain->lost_at_ms != 0)
        return report_failure(drain->app, C2D_NETWORK, "receive again in a minute",
                              "the answer to a request was lost: a message may be locked for a "
                              "minute");
    if (drain->result == C2D_OK && drain->received == 0
        && (settings->count > 0 || settings->wait_ms > 0))
        return report_failure(drain->app, C2D_NO_MESSAGE, NULL, "no message came");
    /* A person wants to know; cron mails whatever is printed. */
    if (drain->result == C2D_OK && drain->received == 0 && isatty(STDERR_FILENO)
        && !drain->app->common.quiet)
        fprintf(stderr, "%s: no message waits\n", drain->app->program->name);
    return drain->result;
}

static enum c2d_status run(struct app *app, const struct settings *settings, bool for_ever)
{
    bool has_handler = app->word_count > app->words_before_end;
    struct writer writer = { .app = app, .settings = settings, .sink = { .fd = -1 } };
    struct handler handler = { app, app->words, settings->handler_timeout_ms,
                               settings->reject_code };
    struct drain drain = {
        .app = app,
        .deal = has_handler ? run_handler : write_message,
        .context = has_handler ? (void *)&handler : (void *)&writer,
        .count = settings->count,
        .tells_results = app->common.json,
    };
    enum c2d_status status = check(app, settings, has_handler);

    if (status == C2D_OK)
        status = choose_format(app, settings, &writer.format);
    if (status == C2D_OK)
        status = session_open(app);
    if (status == C2D_OK && !has_handler && !app->common.dry_run)
        status =
            sink_open(&writer.sink, app, settings->output, writer.format == FORMAT_JSON, false);
    if (status == C2D_OK && !settings->no_lock && !app->common.dry_run)
        status = lock_take(app);
    if (status == C2D_OK)
        status =
            for_ever ? poll_for_ever(&drain, settings->interval_ms) : receive(&drain, settings);
    drain_clear(&drain);
    sink_close(&writer.sink);
    return status;
}

static enum c2d_status run_receive(struct app *app, void *settings)
{
    return run(app, settings, false);
}

static enum c2d_status run_poll(struct app *app, void *settings)
{
    return run(app, settings, true);
}

const struct command receive_command = {
    .name = "receive",
    .arguments = "[-- HANDLER ARG...]",
    .summary = "take the messages that wait",
    .options = options,
    .settings_size = sizeof(struct settings),
    .defaults = defaults,
    .run = run_receive,
};

const struct command poll_command = {
    .name = "poll",
    .arguments = "[-- HANDLER ARG...]",
    .summary = "take messages for ever, asking at intervals",
    .options = &options[2],
    .settings_size = sizeof(struct settings),
    .defaults = poll_defaults,
    .run = run_poll,
};
