/* The command doctor. The library probes the hub; this file prints each step and its hint. */
#include "doctor.h"

#include "base/json_write.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "failure.h"
#include "output.h"
#include "report.h"
#include "session.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    /* Defaults. Together under 10 s, with a second for local work. */
    CONNECT_MS = 4000,
    RESPONSE_MS = 3000,
    SKEW_S = 5 * 60, /* the tolerance of a hub [hub docs] */
};

static const char *const names[] = {
    [C2D_STEP_NONE] = "options",
    [C2D_STEP_CONNECTION_STRING] = "connection string",
    [C2D_STEP_KEY] = "key",
    [C2D_STEP_NAME] = "DNS",
    [C2D_STEP_CONNECTION] = "connection",
    [C2D_STEP_TLS] = "TLS",
    [C2D_STEP_ANSWER] = "authorisation",
};

/* One run of the command. */
struct check {
    const struct app *app;
    struct c2d_probe probe;
    enum c2d_status first;   /* the first failure */
    struct c2d_error output; /* of printing the lines */
};

/* ---- Lines ---- */

static char *json_of(const char *what, const struct c2d_error *result)
{
    struct buf line;

    json_begin(&line);
    json_append_text(&line, "step", what);
    json_append_bool(&line, "ok", result->status == C2D_OK);
    json_append_text(&line, "detail", result->text);
    if (result->status != C2D_OK) {
        json_append_text(&line, "name", status_name(result->status));
        json_append_number(&line, "exit", result->status);
        json_append_text(&line, "hint", *result->hint != '\0' ? result->hint : NULL);
        json_append_text(&line, "requestId",
                         *result->request_id != '\0' ? result->request_id : NULL);
    }
    return json_end(&line);
}

static char *text_of(const char *what, const struct c2d_error *result)
{
    char line[1024];

    snprintf(line, sizeof line, "%-4s  %-17s  %s%s%s%s%s", result->status == C2D_OK ? "ok" : "FAIL",
             what, result->text, *result->request_id != '\0' ? "; request id " : "",
             result->request_id, *result->hint != '\0' ? "; hint: " : "", result->hint);
    return text_printable(line, strlen(line));
}

/* Prints one step in one line. */
static void show_result(struct check *check, const char *what, const struct c2d_error *result)
{
    const struct common *common = &check->app->common;
    struct c2d_error shown = *result;
    char *line;

    if (check->first == C2D_OK)
        check->first = result->status;
    if (check->output.status != C2D_OK || (result->status == C2D_OK && common->quiet))
        return;
    if (result->status != C2D_OK)
        report_name_options(&shown);
    line = common->json ? json_of(what, &shown) : text_of(what, &shown);
    check->output.status = output_line(check->app, line, &check->output);
    free(line);
}

/* Prints a step that this program checks itself. Without hint it passed, else it is C2D_AUTH. */
__attribute__((format(printf, 4, 5))) static void show(struct check *check, const char *what,
                                                       const char *hint, const char *format, ...)
{
    struct c2d_error result = { .status = hint == NULL ? C2D_OK : C2D_AUTH };
    va_list args;

    va_start(args, format);
    if (vsnprintf(result.text, sizeof result.text, format, args) < 0)
        result.text[0] = '\0';
    va_end(args);
    snprintf(result.hint, sizeof result.hint, "%s", hint == NULL ? "" : hint);
    show_result(check, what, &result);
}

/* ---- Steps ---- */

static void show_client(struct check *check)
{
    const struct c2d_probe *probe = &check->probe;
    const struct c2d_client *client = check->app->client;
    const char *device = c2d_client_device_id(client), *policy = c2d_client_policy(client);
    const char *key = names[C2D_STEP_KEY];
    int64_t left_s = probe->credentials_end_at_s - (int64_t)time(NULL);
    char span[32];

    if (policy == NULL)
        policy = "in the token";
    show(check, names[C2D_STEP_CONNECTION_STRING], NULL, "from %s: %s, %s %s", check->app->source,
         c2d_client_host(client), device != NULL ? "device" : "policy",
         device != NULL ? device : policy);
    timestamp_format_span(left_s, span);
    if (probe->key_size > 0)
        show(check, key, NULL, "a SharedAccessKey of %zu bytes", probe->key_size);
    else if (probe->certificate != NULL)
        show(check, key, NULL, "a certificate for %s, %s left", probe->certificate, span);
    else if (left_s > 0)
        show(check, key, NULL, "a ready SharedAccessSignature, %s left", span);
    else
        show(check, key, "make a new one, or use a SharedAccessKey, which needs no renewal",
             "the SharedAccessSignature expired %s ago", span);
}

/* Prints a connection step that succeeded. */
static void show_step(struct check *check, enum c2d_step step)
{
    const struct c2d_connection *connection = &check->probe.connection;
    const char *host = c2d_client_host(check->app->client);
    const char *proxy = check->probe.proxy, *connect_to = check->app->common.connect_to;
    char span[32];

    timestamp_format_span(connection->certificate_ends_at_s - (int64_t)time(NULL), span);
    if (step == C2D_STEP_NAME)
        show(check, names[step], NULL, "%s is at %s",
             proxy != NULL        ? proxy
             : connect_to != NULL ? connect_to
                                  : host,
             connection->address);
    else if (step == C2D_STEP_CONNECTION)
        show(check, names[step], NULL, "with %s port %d%s", connection->address, connection->port,
             proxy != NULL ? ", the proxy, which has opened the way to the hub" : "");
    else if (step == C2D_STEP_TLS)
        show(check, names[step], NULL, "%s, certificate issued by %s, %s left",
             connection->tls_version, connection->issuer, span);
}

static void show_clock(struct check *check)
{
    const struct c2d_probe *probe = &check->probe;
    int64_t behind_s = probe->hub_time_s - probe->own_time_s;
    bool is_off = behind_s > SKEW_S || behind_s < -SKEW_S;
    char span[32];

    timestamp_format_span(behind_s, span);
    if (probe->hub_time_s == 0)
        show(check, "clock", NULL, "not compared: the response has no usable time");
    else
        show(check, "clock", is_off ? "set it: tokens are refused when it is 5 min off" : NULL,
             "%s %s the hub's, by the time in its response", span,
             behind_s > 0 ? "behind" : "ahead of");
}

static void show_authorisation(struct check *check, const struct c2d_error *error)
{
    const char *device = c2d_client_device_id(check->app->client);
    const char *what = names[C2D_STEP_ANSWER];

    if (error->status != C2D_OK)
        show_result(check, what, error);
    else if (device != NULL)
        show(check, what, NULL, "device %s may receive", device);
    else
        show(check, what, NULL, "these credentials may send and read feedback");
}

/* ---- Runs ---- */

/* Prints an error that occurred before the first request. Returns it if it is not one of this
 * machine, such as a wrong command line. */
static enum c2d_status show_local(struct check *check, struct c2d_error *error)
{
    const char *source = check->app->source;
    struct c2d_error shown = *error;

    if (error->status != C2D_CONFIG && error->status != C2D_AUTH)
        return error->status;
    if (error->step == C2D_STEP_KEY)
        show(check, names[C2D_STEP_CONNECTION_STRING], NULL, "from %s", source);
    else if (error->step == C2D_STEP_CONNECTION_STRING && strstr(error->text, source) == NULL)
        snprintf(shown.text, sizeof shown.text, "from %s: %.200s", source, error->text);
    show_result(check, names[error->step], &shown);
    *error = check->output;
    return worse(check->first, check->output.status);
}

static void show_probe(struct check *check, const struct c2d_error *error)
{
    bool has_response = error->status == C2D_OK || error->http_status != 0;
    enum c2d_step failed = has_response ? C2D_STEP_ANSWER : error->step;

    show_client(check);
    for (enum c2d_step step = C2D_STEP_NAME; step < failed; step++)
        show_step(check, step);
    if (has_response)
        show_clock(check);
    if (failed == C2D_STEP_ANSWER)
        show_authorisation(check, error);
    else if (failed != C2D_STEP_NONE || error->status == C2D_CONFIG)
        show_result(check, names[failed], error);
    else
        check->first = worse(check->first, report_error(check->app, error, NULL));
}

static enum c2d_status run(struct app *app, void *settings, struct c2d_error *error)
{
    struct check check = { .app = app };
    struct common *common = &app->common;
    enum c2d_status status;

    (void)settings;
    if (app->word_count > 0)
        return fail_usage(app, error, "too many arguments: '%.60s'", app->words[0]);
    if (common->connect_timeout_ms == 0)
        common->connect_timeout_ms = CONNECT_MS;
    if (common->timeout_ms == 0)
        common->timeout_ms = common->connect_timeout_ms + RESPONSE_MS;
    if (session_open(app, NULL, error) != C2D_OK)
        return show_local(&check, error);
    status = c2d_probe(app->client, &check.probe, error);
    if (status == C2D_DRY_RUN || status == C2D_CANCELLED)
        return status;
    show_probe(&check, error);
    *error = check.output;
    return worse(check.first, check.output.status);
}

const struct command doctor_command = {
    .name = "doctor",
    .arguments = "",
    .summary = "check each step of the way to the hub; receives no message, takes 10 s at most",
    .about = "A line for each step: ok, or FAIL with what to do. The exit code is that of the step "
             "that\n"
             "fails.\n",
    .examples = "doctor\n"
                "doctor -v --trace -",
    .prints = true,
    .run = run,
};
