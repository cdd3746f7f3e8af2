/* receive: takes the messages that wait, makes each safe, and only then settles it. */
#include "../common/monotonic.h"
#include "../common/report.h"
#include "../common/session.h"
#include "../common/sink.h"
#include "../common/waiting.h"
#include "commands.h"
#include "format.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_MS = 60000 };

struct settings {
    int64_t count, wait_ms, interval_ms;
    bool keep;
    const char *format, *output;
};

#define AT(member) offsetof(struct settings, member)

static const struct option options[] = {
    { 'c', "count", "N", "at most N messages (default: all that wait); 10 if none came",
      OPTION_NUMBER, AT(count), 1, INT32_MAX },
    { 0, "wait", "D", "when there is none, ask again until D has passed; 10 if none came",
      OPTION_DURATION, AT(wait_ms), 0, (int64_t)365 * 86400000 },
    { 0, "interval", "D", "how often to ask (10s), give or take 10 %", OPTION_DURATION,
      AT(interval_ms), 100, (int64_t)365 * 86400000 },
    { 0, "keep", NULL, "print and settle nothing: locked for a minute, then it comes again",
      OPTION_FLAG, AT(keep), 0, 0 },
    { 0, "format", "json|text|raw", "json: a line each; text: for people; raw: one body (-c 1)",
      OPTION_TEXT, AT(format), 0, 0 },
    { 'o', "output", "FILE", "append there, on the disk before anything is settled", OPTION_TEXT,
      AT(output), 0, 0 },
    { 0, NULL, NULL, NULL, OPTION_FLAG, 0, 0, 0 },
};

static void defaults(void *settings)
{
    ((struct settings *)settings)->interval_ms = 10000;
}

/* What becomes of a message that was received. */
enum verdict {
    VERDICT_COMPLETE,
    VERDICT_LEAVE, /* its lock lapses, and it comes again at no delivery count */
    VERDICT_STOP,  /* the same, and nothing more is received */
};

struct receiver {
    struct app *app;
    const struct settings *settings;
    enum format format;
    struct sink sink;
    long long received;
    int64_t lost_at_ms;     /* a GET that was lost then may have locked a message; 0: none was */
    enum c2d_status result; /* what the program will exit with */
};

static void note(struct receiver *receiver, enum c2d_status status)
{
    receiver->result = worse(receiver->result, status);
}

/* When the lock lapses, by the clock that is not set. */
static int64_t lock_end_ms(const struct c2d_message *message)
{
    int64_t left_ms = (message->lock_deadline_s - (int64_t)time(NULL)) * 1000;

    return monotonic_ms() + (left_ms > LOCK_MS ? LOCK_MS : left_ms);
}

/* Makes message safe. Local trouble leaves it: an abandon would cost one of its ten deliveries. */
static enum verdict take(struct receiver *receiver, const struct c2d_message *message)
{
    size_t size = 0;
    char *record = format_message(receiver->format, message, receiver->received, &size);
    enum c2d_status status;

    if (record == NULL)
        status = report_failure(receiver->app, C2D_OS, NULL, "out of memory");
    else
        status = sink_put(&receiver->sink, receiver->app, record, size, lock_end_ms(message));
    free(record);
    note(receiver, status);
    if (status != C2D_OK)
        return VERDICT_STOP;
    return receiver->settings->keep ? VERDICT_LEAVE : VERDICT_COMPLETE;
}

/* The one place where messages are settled. False when the drain ends here. */
static bool settle(struct receiver *receiver, const struct c2d_message *message)
{
    const char *id = message->message_id == NULL ? "" : message->message_id;
    struct c2d_error error;
    enum c2d_status status =
        c2d_settle(receiver->app->client, message->lock_token, C2D_COMPLETE, &error);

    if (status == C2D_LOCK_LOST)
        report_warning(receiver->app,
                       "the lock of message '%s' was lost before it was completed: it is in the "
                       "output and may come again",
                       id);
    else if (status == C2D_OK && error.earlier_try_unanswered)
        report_warning(receiver->app, "message '%s' was completed by a try that got no answer", id);
    else if (status != C2D_OK)
        report_error(receiver->app, &error,
                     &(struct subject) { message->device_id, message->message_id });
    note(receiver, status);
    return status == C2D_OK || status == C2D_LOCK_LOST;
}

/* False when the drain ends here. */
static bool handle(struct receiver *receiver, const struct c2d_message *message)
{
    receiver->received++;
    switch (take(receiver, message)) {
    case VERDICT_COMPLETE:
        return settle(receiver, message);
    case VERDICT_LEAVE:
        return true;
    case VERDICT_STOP:
        break;
    }
    return false;
}

/* Takes messages until none waits, enough came, or something is in the way. */
static void drain(struct receiver *receiver)
{
    int64_t count = receiver->settings->count;
    bool goes_on = true;

    while (goes_on && (count == 0 || receiver->received < count)) {
        struct c2d_message *message = NULL;
        struct c2d_error error;
        enum c2d_status status = c2d_receive(receiver->app->client, &message, &error);

        if (error.earlier_try_unanswered)
            receiver->lost_at_ms = monotonic_ms();
        if (status == C2D_OK) {
            goes_on = handle(receiver, message);
            c2d_message_free(message);
            continue;
        }
        goes_on = false;
        if (status != C2D_NO_MESSAGE) {
            report_error(receiver->app, &error,
                         &(struct subject) { c2d_client_device_id(receiver->app->client), NULL });
            note(receiver, status);
        }
    }
}

static enum c2d_status receive(struct receiver *receiver)
{
    const struct settings *settings = receiver->settings;
    struct waiting waiting = waiting_begin(settings->wait_ms, settings->interval_ms);

    do {
        /* What a lost answer may have locked has come back by now. */
        if (monotonic_ms() - receiver->lost_at_ms > LOCK_MS)
            receiver->lost_at_ms = 0;
        drain(receiver);
    } while (receiver->result == C2D_OK && receiver->received == 0 && waiting_next(&waiting));
    if (receiver->result == C2D_OK && receiver->lost_at_ms != 0)
        return report_failure(receiver->app, C2D_NETWORK, "receive again in a minute",
                              "the answer to a request was lost: a message may be locked for a "
                              "minute");
    if (receiver->result == C2D_OK && receiver->received == 0
        && (settings->count > 0 || settings->wait_ms > 0))
        return report_failure(receiver->app, C2D_NO_MESSAGE, NULL, "no message came");
    return receiver->result;
}

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
        return report_usage(app,
                            "--format raw needs -c 1: bodies in a row could not be told apart");
    return C2D_OK;
}

static enum c2d_status run(struct app *app, void *arguments)
{
    struct receiver receiver = { .app = app, .settings = arguments, .sink = { .fd = -1 } };
    enum c2d_status status = C2D_OK;

    if (app->word_count > 0)
        status = report_usage(app, "receive takes no arguments: what is '%.60s'?", app->words[0]);
    if (status == C2D_OK)
        status = choose_format(app, receiver.settings, &receiver.format);
    if (status == C2D_OK)
        status = session_open(app);
    if (status == C2D_OK && !app->common.dry_run)
        status = sink_open(&receiver.sink, app, receiver.settings->output,
                           receiver.format == FORMAT_JSON, false);
    if (status == C2D_OK)
        status = receive(&receiver);
    sink_close(&receiver.sink);
    return status;
}

const struct command receive_command = {
    .name = "receive",
    .arguments = "",
    .summary = "take the messages that wait",
    .options = options,
    .settings_size = sizeof(struct settings),
    .defaults = defaults,
    .run = run,
};
