/* send: queues one message for one device, or a batch of messages. */
#include "../common/failure.h"
#include "../common/input.h"
#include "../common/output.h"
#include "../common/report.h"
#include "../common/session.h"
#include "base/clock.h"
#include "base/json_write.h"
#include "batch.h"
#include "commands.h"
#include "wait.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct settings {
    const char *text, *file;
    const char *message_id, *correlation_id, *user_id, *content_type, *content_encoding, *ack;
    int64_t ttl_ms;
    struct option_list properties;
    int64_t wait_ms;
    const char *feedback_log;
    int64_t interval_ms; /* 0: not given */
    /* Only the members from here on are valid with --batch: see run_batch(). */
    const char *batch, *rate, *journal;
    int64_t parallel;
    bool no_lock;
};

#define AT(member) offsetof(struct settings, member)

static const struct option options[] = {
    OPTION_HEADING("one message"),
    { 'm', "message", "TEXT", "the body (without -m and -f: stdin)", OPTION_TEXT, AT(text), 0, 0 },
    { 'f', "file", "FILE|-", "the body, byte for byte; - is stdin", OPTION_TEXT, AT(file), 0, 0 },
    { 'p', "property", "NAME=VALUE", "an application property; may be given again", OPTION_LIST,
      AT(properties), 0, 0 },
    { 'i', "message-id", "ID", "default: a random UUID", OPTION_TEXT, AT(message_id), 0, 0 },
    { 0, "correlation-id", "ID", "id of the message that this one relates to", OPTION_TEXT,
      AT(correlation_id), 0, 0 },
    { 0, "user-id", "ID", "id of the sender", OPTION_TEXT, AT(user_id), 0, 0 },
    { 0, "content-type", "TYPE", "such as application/json", OPTION_TEXT, AT(content_type), 0, 0 },
    { 0, "content-encoding", "ENC", "such as utf-8 or gzip; nothing is converted", OPTION_TEXT,
      AT(content_encoding), 0, 0 },
    { 0, "ttl", "D", "expires after D; at most 2d (the hub's default: 1h)", OPTION_DURATION,
      AT(ttl_ms), 1000, (int64_t)2 * 86400000 },
    { 0, "ack", "none|positive|negative|full", "the outcomes to get feedback on", OPTION_TEXT,
      AT(ack), 0, 0 },
    OPTION_HEADING("waiting for its outcome"),
    { 0, "wait", "D", "wait D at most; exit code 0: delivered, 19: not, 18: not known",
      OPTION_DURATION, AT(wait_ms), 1, (int64_t)365 * 86400000 },
    { 0, "feedback-log", "FILE", "append all feedback to FILE (default: $C2D_FEEDBACK_LOG)",
      OPTION_TEXT, AT(feedback_log), 0, 0 },
    { 0, "interval", "D", "how often to poll the hub (5s)", OPTION_DURATION, AT(interval_ms), 100,
      (int64_t)86400000 },
    OPTION_HEADING("batch: many messages"),
    { 0, "batch", "FILE|-", "send one message for each line, a JSON object; - is stdin",
      OPTION_TEXT, AT(batch), 0, 0 },
    { 'P', "parallel", "N", "send up to N at once (8)", OPTION_NUMBER, AT(parallel), 1, 64 },
    { 0, "rate", "N/s|N/m", "send at most N per second or minute", OPTION_TEXT, AT(rate), 0, 0 },
    { 0, "journal", "FILE", "keep what was sent in FILE: run again, it sends only the rest",
      OPTION_TEXT, AT(journal), 0, 0 },
    { 0, "no-lock", NULL, "do not lock the journal; you ensure that no other batch uses it",
      OPTION_FLAG, AT(no_lock), 0, 0 },
    { 0, NULL, NULL, NULL, OPTION_FLAG, 0, 0, 0 },
};

/* ---- Body ---- */

/* Reads fd to its end, or up to one byte more than a message can carry. */
static enum c2d_status read_body(int fd, const char *name, char **body, size_t *size,
                                 struct c2d_error *error)
{
    enum c2d_status status;

    *body = malloc(C2D_MESSAGE_SIZE_MAX + 1);
    if (*body == NULL)
        return fail_memory(error);
    status = input_read(fd, *body, C2D_MESSAGE_SIZE_MAX + 1, size);
    if (status == STATUS_NO_INPUT)
        return fail(error, STATUS_NO_INPUT, "%s: %s", name, strerror(errno));
    if (status == C2D_OK && *size > C2D_MESSAGE_SIZE_MAX)
        return fail_with_hint(error, C2D_TOO_LARGE, "send a link to the data instead, or split it",
                              "%s has more than %d bytes, the most that a message can carry", name,
                              C2D_MESSAGE_SIZE_MAX);
    return status;
}

/* Sets the body of message. The caller frees *body, which stays NULL with -m. */
static enum c2d_status find_body(const struct app *app, const struct settings *settings,
                                 char **body, struct c2d_message *message, struct c2d_error *error)
{
    bool from_stdin = settings->file == NULL || strcmp(settings->file, "-") == 0;
    const char *name = from_stdin ? "stdin" : settings->file;
    enum c2d_status status;
    int fd;

    if (settings->text != NULL && settings->file != NULL)
        return fail_usage(app, error, "give the body with -m or with -f, not both");
    if (settings->text != NULL) {
        message->body = settings->text;
        message->body_size = strlen(settings->text);
        return C2D_OK;
    }
    if (settings->file == NULL && isatty(STDIN_FILENO))
        return fail_usage(app, error, "no message body: use -m TEXT, -f FILE, or pipe it to stdin");
    if (from_stdin && app->common.connection_file != NULL
        && strcmp(app->common.connection_file, "-") == 0)
        return fail_usage(app, error, "stdin cannot be both the connection string and the body");
    status = input_open(from_stdin ? "-" : settings->file, &fd);
    if (status == STATUS_NO_INPUT)
        return fail(error, status, "'%s': %s", name, strerror(errno));
    if (status == C2D_OK)
        status = read_body(fd, name, body, &message->body_size, error);
    input_close(fd);
    message->body = *body;
    /* Probably the program that writes to the pipe failed. */
    if (status == C2D_OK && message->body_size == 0 && settings->file == NULL)
        return fail_usage(app, error, "stdin is empty: send an empty message with -m '' or -f -");
    return status;
}

/* ---- Properties ---- */

/* Splits the items of -p at their first "=". The caller frees them with free_properties(). */
static enum c2d_status split_properties(const struct app *app, const struct option_list *items,
                                        struct c2d_property **properties, struct c2d_error *error)
{
    *properties = calloc(items->count + 1, sizeof **properties);
    if (*properties == NULL)
        return fail_memory(error);
    for (size_t i = 0; i < items->count; i++) {
        const char *equals = strchr(items->items[i], '=');
        char *name;

        if (equals == NULL)
            return fail_usage(app, error, "--property takes NAME=VALUE, not '%.60s'",
                              items->items[i]);
        name = strndup(items->items[i], (size_t)(equals - items->items[i]));
        if (name == NULL)
            return fail_memory(error);
        (*properties)[i] = (struct c2d_property) { name, equals + 1 };
    }
    return C2D_OK;
}

static void free_properties(struct c2d_property *properties)
{
    for (size_t i = 0; properties != NULL && properties[i].name != NULL; i++)
        free((char *)properties[i].name); /* a copy of split_properties() */
    free(properties);
}

/* ---- The command ---- */

static enum c2d_status print_result(const struct app *app, const struct subject *subject,
                                    const struct c2d_error *result, int64_t ms,
                                    struct c2d_error *error)
{
    struct buf line;
    char id[132];

    if (app->common.quiet)
        return C2D_OK;
    snprintf(id, sizeof id, "%s", subject->message_id);
    if (!app->common.json)
        return output_line(app, id, error);
    json_begin(&line);
    json_append_text(&line, "deviceId", subject->device_id);
    json_append_text(&line, "messageId", subject->message_id);
    json_append_text(&line, "status", "enqueued");
    json_append_number(&line, "httpStatus", result->http_status);
    json_append_number(&line, "attempts", result->attempts);
    json_append_bool(&line, "maybeDuplicate", result->earlier_try_unanswered);
    json_append_number(&line, "ms", ms);
    return output_object(app, &line, error);
}

/* Sends the message, and then waits for its outcome unless wait is NULL. */
static enum c2d_status send_message(struct app *app, const struct subject *subject,
                                    const struct c2d_message *message, struct wait *wait,
                                    struct c2d_error *error)
{
    struct c2d_error result;
    int64_t started_ms = clock_monotonic_ms(NULL);
    enum c2d_status status = c2d_send(app->client, subject->device_id, message, &result);
    int64_t took_ms = clock_monotonic_ms(NULL) - started_ms;

    if (status != C2D_OK)
        return report_error(app, &result, subject);
    if (result.earlier_try_unanswered)
        report_warning(app,
                       "an earlier attempt got no response from the hub: message '%s' may be "
                       "queued twice, under the same id",
                       subject->message_id);
    if (wait == NULL)
        return report_unprinted(app, print_result(app, subject, &result, took_ms, error), error,
                                subject, "message '%.128s' is queued", subject->message_id);
    wait->started_ms = result.hub_time_s == 0 ? 0 : result.hub_time_s * 1000 - took_ms;
    return wait_for(wait, subject);
}

/* Opens the log before the send: an error of the log then prevents the send, and only records that
 * are appended later count. */
static enum c2d_status send_and_wait(struct app *app, const struct settings *settings,
                                     const struct subject *subject,
                                     const struct c2d_message *message, struct c2d_error *error)
{
    struct wait wait;
    enum c2d_status status;

    if (settings->wait_ms == 0 || app->common.dry_run)
        return send_message(app, subject, message, NULL, error);
    status = wait_open(&wait, app, settings->feedback_log, error);
    wait.interval_ms = settings->interval_ms > 0 ? settings->interval_ms : 5000;
    wait.wait_ms = settings->wait_ms;
    if (status == C2D_OK)
        status = send_message(app, subject, message, &wait, error);
    wait_close(&wait);
    return status;
}

static enum c2d_status fill_message(const struct app *app, const struct settings *settings,
                                    struct c2d_message *message, char id[37],
                                    struct c2d_error *error)
{
    message->message_id = settings->message_id != NULL ? settings->message_id : id;
    message->correlation_id = settings->correlation_id;
    message->user_id = settings->user_id;
    message->content_type = settings->content_type;
    message->content_encoding = settings->content_encoding;
    message->ack = c2d_ack_from_name(settings->ack);
    if (settings->ack != NULL && message->ack == C2D_ACK_UNSET)
        return fail_usage(app, error, "--ack takes none, positive, negative or full, not '%.60s'",
                          settings->ack);
    message->ttl_s = (settings->ttl_ms + 999) / 1000;
    /* Made before the send, so that an error report can name the message. */
    if (settings->message_id == NULL && c2d_uuid(id) != C2D_OK)
        return fail(error, C2D_OS, "the system has no randomness");
    return C2D_OK;
}

/* Checks the options of --wait. It needs feedback on every outcome, and a log that stores all
 * feedback of the hub. */
static enum c2d_status check_wait(const struct app *app, struct settings *settings,
                                  struct c2d_error *error)
{
    const char *log = getenv("C2D_FEEDBACK_LOG");

    if (settings->wait_ms == 0)
        return settings->feedback_log == NULL && settings->interval_ms == 0
                   ? C2D_OK
                   : fail_usage(app, error, "--feedback-log and --interval are for --wait");
    if (settings->batch != NULL)
        return fail_usage(app, error, "--wait is for one message, not for --batch");
    if (settings->ack != NULL && strcmp(settings->ack, "full") != 0)
        return fail_usage(app, error,
                          "--wait needs feedback on every outcome: --ack full, or no --ack");
    settings->ack = "full";
    if (settings->feedback_log == NULL && log != NULL && *log != '\0')
        settings->feedback_log = log;
    return settings->feedback_log != NULL && *settings->feedback_log != '\0'
               ? C2D_OK
               : fail_usage(app, error,
                            "--wait needs --feedback-log FILE, or C2D_FEEDBACK_LOG: the feedback "
                            "queue is shared by the whole hub, so records on other messages "
                            "must be stored there");
}

/* Runs --batch. Refuses all options that describe a single message. */
static enum c2d_status run_batch(struct app *app, const struct settings *settings,
                                 const char *device_id, struct c2d_error *error)
{
    static const struct settings none;

    if (memcmp(settings, &none, AT(batch)) != 0)
        return fail_usage(app, error,
                          "options that describe one message cannot be combined with --batch");
    if (settings->no_lock && settings->journal == NULL)
        return fail_usage(app, error, "--no-lock is for --journal");
    return batch_run(app,
                     &(struct batch_settings) {
                         .file = settings->batch,
                         .device_id = device_id,
                         .journal = settings->journal,
                         .no_lock = settings->no_lock,
                         .parallel = settings->parallel > 0 ? settings->parallel : 8,
                         .rate = settings->rate,
                     },
                     error);
}

static enum c2d_status run_single(struct app *app, const struct settings *settings,
                                  const char *device_id, struct c2d_error *error)
{
    const char *file = settings->file != NULL ? settings->file : "-";
    const struct session_needs needs = { .body = settings->text != NULL ? NULL : file };
    struct c2d_message message = { 0 };
    struct c2d_property *properties = NULL;
    char *body = NULL;
    char id[37];
    enum c2d_status status = fill_message(app, settings, &message, id, error);

    if (status == C2D_OK)
        status = split_properties(app, &settings->properties, &properties, error);
    message.properties = properties;
    message.property_count = settings->properties.count;
    if (status == C2D_OK)
        status = find_body(app, settings, &body, &message, error);
    if (status == C2D_OK)
        status = session_open(app, &needs, error);
    if (status == C2D_OK)
        status = send_and_wait(app, settings, &(struct subject) { device_id, message.message_id },
                               &message, error);
    free(body);
    free_properties(properties);
    return status;
}

static enum c2d_status run(struct app *app, void *arguments, struct c2d_error *error)
{
    struct settings *settings = arguments;
    const char *variable = getenv("IOTHUB_DEVICE_ID");
    const char *device_id = app->word_count > 0                     ? app->words[0]
                            : variable != NULL && *variable != '\0' ? variable
                                                                    : NULL;
    enum c2d_status status = check_wait(app, settings, error);

    if (status != C2D_OK)
        return status;
    if (app->word_count > 1)
        return fail_usage(app, error,
                          "send takes one device, not also '%.60s': for a body, use -m TEXT",
                          app->words[1]);
    if (settings->batch != NULL)
        return run_batch(app, settings, device_id, error);
    if (settings->parallel > 0 || settings->rate != NULL || settings->journal != NULL
        || settings->no_lock)
        return fail_usage(app, error,
                          "--parallel, --rate, --journal and --no-lock are for --batch");
    if (device_id == NULL || *device_id == '\0')
        return fail_usage(app, error, "no device: name one, or set IOTHUB_DEVICE_ID");
    return run_single(app, settings, device_id, error);
}

const struct command send_command = {
    .name = "send",
    .arguments = "[DEVICE]",
    .summary = "queue a message for a device (default: $IOTHUB_DEVICE_ID)",
    .about = "Prints the message id. Exit code 0: the hub has queued it; 12: the device already "
             "holds 50.\n",
    .examples = "send dev1 -m 'restart at noon' --ttl 10m --wait 15m --feedback-log feedback\n"
                "send --batch fleet.jsonl --journal fleet.state",
    .options = options,
    .settings_size = sizeof(struct settings),
    .prints = true,
    .run = run,
};
