/* The commands receive and poll. A message is settled only after it is stored or handled. */
#include "../common/failure.h"
#include "../common/session.h"
#include "../common/stop.h"
#include "../common/waiting.h"
#include "commands.h"
#include "drain.h"
#include "handler.h"
#include "lock.h"
#include "poll.h"
#include "spool.h"
#include "writer.h"

#include <string.h>
#include <unistd.h>

/* A handler that outlasts the lock would be run twice. */
enum { HANDLER_MS = 50000, HANDLER_MAX_MS = 54000 };

struct settings {
    int64_t count, wait_ms, interval_ms, handler_timeout_ms, reject_code;
    bool keep, no_lock;
    const char *format, *output, *spool;
};

#define AT(member) offsetof(struct settings, member)
#define YEAR_MS ((int64_t)365 * 86400000)

/* The first two are for receive only; the options of poll begin after them. */
static const struct option options[] = {
    { 'c', "count", "N", "at most N messages (default: all that wait); exit code 10: none",
      OPTION_NUMBER, AT(count), 1, INT32_MAX },
    { 0, "wait", "D", "poll until a message comes or D has passed; exit code 10: none",
      OPTION_DURATION, AT(wait_ms), 0, YEAR_MS },
    { 0, "interval", "D", "time between polls (receive: 10s, poll: 25m), give or take 10 %",
      OPTION_DURATION, AT(interval_ms), 100, YEAR_MS },
    { 0, "keep", NULL, "only look: print, do not complete; it comes again in a minute", OPTION_FLAG,
      AT(keep), 0, 0 },
    { 0, "no-lock", NULL, "take no lock for the device or a file; run no second instance",
      OPTION_FLAG, AT(no_lock), 0, 0 },
    OPTION_HEADING("output"),
    { 0, "format", "json|text|raw", "json: a line each; text: for people; raw: one body (-c 1)",
      OPTION_TEXT, AT(format), 0, 0 },
    { 'o', "output", "FILE", "append to FILE; on the disk before a message is completed",
      OPTION_TEXT, AT(output), 0, 0 },
    OPTION_HEADING("handler"),
    { 0, "spool", "DIR", "keep messages in DIR, complete them, then run the handler", OPTION_TEXT,
      AT(spool), 0, 0 },
    { 0, "handler-timeout", "D", "stop a slower handler (50s, at most 54s; with --spool: none)",
      OPTION_DURATION, AT(handler_timeout_ms), 1000, YEAR_MS },
    { 0, "reject-code", "N", "reject (and lose) the message if the handler exits with N",
      OPTION_NUMBER, AT(reject_code), 1, 125 },
    { 0, NULL, NULL, NULL, OPTION_FLAG, 0, 0, 0 },
};

static void defaults(void *arguments)
{
    struct settings *settings = arguments;

    settings->interval_ms = 10000;
    settings->reject_code = -1;
}

static void poll_defaults(void *arguments)
{
    defaults(arguments);
    ((struct settings *)arguments)->interval_ms = (int64_t)25 * 60000;
}

/* ---- The handler ---- */

static struct disposition run_handler(void *context, const struct c2d_message *message,
                                      long long number, int64_t deadline_ms)
{
    (void)number;
    return handler_run(context, message, deadline_ms);
}

/* ---- The commands ---- */

static enum c2d_status choose_format(const struct app *app, const struct settings *settings,
                                     enum format *format, struct c2d_error *error)
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
        return fail_usage(app, error, "--format takes json, text or raw, not '%.60s'",
                          settings->format);
    if (*format == FORMAT_RAW && settings->count != 1)
        return fail_usage(app, error, "--format raw needs -c 1: bodies have no separator");
    return C2D_OK;
}

static enum c2d_status check(const struct app *app, const struct settings *settings,
                             bool has_handler, struct c2d_error *error)
{
    const char *excluded = settings->output != NULL   ? "-o"
                           : settings->format != NULL ? "--format"
                           : settings->keep           ? "--keep"
                                                      : NULL;

    if (app->words_before_end > 0)
        return fail_usage(app, error, "'%.60s' is not an option: a handler follows --",
                          app->words[0]);
    if (app->has_end && !has_handler)
        return fail_usage(app, error, "no handler follows --");
    if (settings->spool != NULL && excluded != NULL)
        return fail_usage(app, error,
                          "%s and --spool exclude each other: the spool has the message", excluded);
    if (has_handler && excluded != NULL)
        return fail_usage(app, error,
                          "%s and a handler exclude each other: the handler has the message",
                          excluded);
    if (!has_handler && (settings->reject_code >= 0 || settings->handler_timeout_ms > 0))
        return fail_usage(app, error, "%s needs a handler, which follows --",
                          settings->reject_code >= 0 ? "--reject-code" : "--handler-timeout");
    if (settings->spool == NULL && settings->handler_timeout_ms > HANDLER_MAX_MS)
        return fail_usage(app, error,
                          "--handler-timeout takes 1s to 54s without --spool: the lock "
                          "expires after a minute");
    return C2D_OK;
}

static enum c2d_status receive(struct drain *drain, const struct settings *settings,
                               struct c2d_error *error)
{
    struct waiting waiting = waiting_begin(settings->wait_ms, settings->interval_ms);

    do {
        lock_accept();
        drain_run(drain);
    } while (drain->result == C2D_OK && drain->received == 0 && waiting_next(&waiting));
    /* If the requested messages were received, their reader may have ended. */
    if (drain->received == 0 || drain->result == C2D_CANCELLED)
        drain->result = stop_result(drain->result, error);
    if (drain->result == C2D_OK && drain->receiver.lost_at_ms != 0)
        return fail_with_hint(
            error, C2D_NETWORK, "receive again in a minute",
            "a request got no response from the hub: a message may be locked for a minute");
    if (drain->result == C2D_OK && drain->received == 0
        && (settings->count > 0 || settings->wait_ms > 0))
        return fail(error, C2D_NO_MESSAGE, "no message came");
    /* Only on a terminal: cron sends a mail for every output. */
    if (drain->result == C2D_OK && drain->received == 0 && isatty(STDERR_FILENO)
        && !drain->app->common.quiet && !drain->app->common.json)
        fprintf(stderr, "%s: no message waits\n", drain->app->program->name);
    return drain->result;
}

/* All possible outputs of messages; choose_output() selects one. */
struct outputs {
    struct writer writer;
    struct handler handler;
    struct spool spool;
};

static void choose_output(struct drain *drain, struct outputs *outputs,
                          const struct settings *settings, bool has_handler)
{
    int64_t default_ms = settings->spool == NULL ? HANDLER_MS : 0;

    outputs->handler.timeout_ms =
        settings->handler_timeout_ms > 0 ? settings->handler_timeout_ms : default_ms;
    outputs->handler.is_spooled = settings->spool != NULL;
    if (settings->spool != NULL) {
        drain->process = spool_keep;
        drain->context = &outputs->spool;
        drain->follow = has_handler && !drain->app->common.dry_run ? spool_handle : NULL;
        outputs->spool.handler = has_handler ? &outputs->handler : NULL;
    } else {
        drain->process = has_handler ? run_handler : writer_put;
        drain->context = has_handler ? (void *)&outputs->handler : (void *)&outputs->writer;
    }
}

/* Prepares the output and takes the lock, after all checks and before the first request. writes:
 * the output is the sink. */
static enum c2d_status prepare(const struct app *app, struct outputs *outputs,
                               const struct settings *settings, bool writes,
                               struct c2d_error *error)
{
    enum c2d_status status = C2D_OK;

    if (app->common.dry_run)
        return C2D_OK;
    if (writes)
        status = sink_open(&outputs->writer.sink, error);
    if (status == C2D_OK && !settings->no_lock)
        status = lock_take(app->client, error);
    /* After the lock: only then is an unfinished file of this spool certainly abandoned. */
    if (status == C2D_OK && settings->spool != NULL)
        status = spool_open(&outputs->spool, app, settings->spool, !settings->no_lock, error);
    return status;
}

static enum c2d_status run(struct app *app, const struct settings *settings, bool for_ever,
                           struct c2d_error *error)
{
    bool has_handler = app->word_count > app->words_before_end;
    struct outputs outputs = {
        .writer = { .keep = settings->keep,
                    .sink = { .app = app,
                              .path = settings->output,
                              .use = settings->no_lock ? SINK_UNLOCKED : SINK_SHARED,
                              .fd = -1 } },
        .handler = { .app = app, .command = app->words, .reject_code = settings->reject_code },
        .spool = { .tmp = -1, .kept = -1, .failed = -1, .lock = -1 },
    };
    struct drain drain = {
        .app = app,
        .receiver = { .app = app, .action = C2D_ACTION_RECEIVE },
        .count = settings->count,
        .reports_results = app->common.json,
    };
    enum c2d_status status = check(app, settings, has_handler, error);

    if (status == C2D_OK)
        status = choose_format(app, settings, &outputs.writer.format, error);
    outputs.writer.sink.heals = outputs.writer.format == FORMAT_JSON;
    if (status == C2D_OK)
        status = session_open(
            app,
            &(struct session_needs) { .parallel = RECEIVER_PARALLEL, .retry_budget = for_ever },
            error);
    choose_output(&drain, &outputs, settings, has_handler);
    if (status == C2D_OK)
        status = prepare(app, &outputs, settings, drain.process == writer_put, error);
    if (status == C2D_OK && drain.process == writer_put && (for_ever || settings->wait_ms > 0))
        sink_watch_reader(&outputs.writer.sink);
    if (status == C2D_OK)
        status = for_ever ? poll_for_ever(&drain, settings->interval_ms, error)
                          : receive(&drain, settings, error);
    spool_close(&outputs.spool);
    sink_close(&outputs.writer.sink);
    return status;
}

static enum c2d_status run_receive(struct app *app, void *settings, struct c2d_error *error)
{
    return run(app, settings, false, error);
}

static enum c2d_status run_poll(struct app *app, void *settings, struct c2d_error *error)
{
    return run(app, settings, true, error);
}

static const char about[] =
    "A message is completed, which removes it from the hub, once it is printed, or on the disk\n"
    "(-o, --spool), or the handler has exited with 0. A handler is a program after -- that is run\n"
    "for each message: body on stdin, the rest in C2D_MESSAGE_ID, C2D_PROP_NAME ... Exit code 75\n"
    "leaves the message for later, any other puts it back (the tenth time removes it). A spool is "
    "a\n"
    "folder that holds the messages of which the handler has not exited with 0 yet.\n";

const struct command receive_command = {
    .name = "receive",
    .arguments = "[-- HANDLER ARG...]",
    .summary = "receive the messages that wait, and complete them (--keep: only look)",
    .about = about,
    .examples = "receive -c 1 --wait 10m\n"
                "receive -- sh -c 'echo \"$C2D_MESSAGE_ID: $(cat)\"'",
    .options = options,
    .settings_size = sizeof(struct settings),
    .defaults = defaults,
    .run = run_receive,
};

const struct command poll_command = {
    .name = "poll",
    .arguments = "[-- HANDLER ARG...]",
    .summary = "receive and complete messages for ever, polling at intervals",
    .about = about,
    .examples = "poll --interval 30m -o messages.jsonl\n"
                "poll --spool /var/spool/c2d -- /usr/local/bin/handle",
    .options = &options[2],
    .settings_size = sizeof(struct settings),
    .defaults = poll_defaults,
    .run = run_poll,
};
