/* doctor: the way to the hub, step by step, as somebody would ask for it who is to help from afar.
 * How far one request comes, the library tells; here each step becomes a line with what to do. */
#include "doctor.h"

#include "base/timestamp.h"

#include "base/text.h"

#include "base/json_write.h"
#include "output.h"
#include "report.h"
#include "session.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    /* Unless others are given: together under 10 s, with a second for all that is local. */
    CONNECT_MS = 4000,
    ANSWER_MS = 3000,
    SKEW_S = 5 * 60, /* what a hub tolerates [hub docs] */
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

/* One run. */
struct visit {
    const struct app *app;
    struct c2d_probe probe;
    enum c2d_status first;  /* what failed first */
    enum c2d_status output; /* of the lines */
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

/* One step, in one line. */
static void tell(struct visit *visit, const char *what, const struct c2d_error *result)
{
    const struct common *common = &visit->app->common;
    char *line;

    if (visit->first == C2D_OK)
        visit->first = result->status;
    if (visit->output != C2D_OK || (result->status == C2D_OK && common->quiet))
        return;
    line = common->json ? json_of(what, result) : text_of(what, result);
    visit->output = output_line(visit->app, line);
    free(line);
}

/* A step that this program judges by itself: ok when hint is NULL, else what a hub would refuse. */
__attribute__((format(printf, 4, 5))) static void judge(struct visit *visit, const char *what,
                                                        const char *hint, const char *format, ...)
{
    struct c2d_error result = { .status = hint == NULL ? C2D_OK : C2D_AUTH };
    va_list args;

    va_start(args, format);
    if (vsnprintf(result.text, sizeof result.text, format, args) < 0)
        result.text[0] = '\0';
    va_end(args);
    snprintf(result.hint, sizeof result.hint, "%s", hint == NULL ? "" : hint);
    tell(visit, what, &result);
}

/* ---- Steps ---- */

static void tell_client(struct visit *visit)
{
    const struct c2d_probe *probe = &visit->probe;
    const struct c2d_client *client = visit->app->client;
    const char *device = c2d_client_device_id(client), *policy = c2d_client_policy(client);
    const char *key = names[C2D_STEP_KEY];
    int64_t left_s = probe->credentials_end_at_s - (int64_t)time(NULL);
    char span[32];

    if (policy == NULL)
        policy = "in the token";
    judge(visit, names[C2D_STEP_CONNECTION_STRING], NULL, "from %s: %s, %s %s", visit->app->source,
          c2d_client_host(client), device != NULL ? "device" : "policy",
          device != NULL ? device : policy);
    timestamp_format_span(left_s, span);
    if (probe->key_size > 0)
        judge(visit, key, NULL, "a SharedAccessKey of %zu bytes", probe->key_size);
    else if (probe->certificate != NULL)
        judge(visit, key, NULL, "a certificate for %s, %s left", probe->certificate, span);
    else if (left_s > 0)
        judge(visit, key, NULL, "a ready SharedAccessSignature, %s left", span);
    else
        judge(visit, key, "make a new one, or use a SharedAccessKey, which needs no renewal",
              "the SharedAccessSignature expired %s ago", span);
}

/* One of the steps that connect, which has been made. */
static void tell_step(struct visit *visit, enum c2d_step step)
{
    const struct c2d_connection *connection = &visit->probe.connection;
    const char *host = c2d_client_host(visit->app->client);
    const char *proxy = visit->probe.proxy, *elsewhere = visit->app->common.connect_to;
    char span[32];

    timestamp_format_span(connection->certificate_ends_at_s - (int64_t)time(NULL), span);
    if (step == C2D_STEP_NAME)
        judge(visit, names[step], NULL, "%s is at %s",
              proxy != NULL       ? proxy
              : elsewhere != NULL ? elsewhere
                                  : host,
              connection->address);
    else if (step == C2D_STEP_CONNECTION)
        judge(visit, names[step], NULL, "with %s port %d%s", connection->address, connection->port,
              proxy != NULL ? ", the proxy, which has opened the way to the hub" : "");
    else if (step == C2D_STEP_TLS)
        judge(visit, names[step], NULL, "%s, certificate issued by %s, %s left",
              connection->tls_version, connection->issuer, span);
}

static void tell_clock(struct visit *visit)
{
    const struct c2d_probe *probe = &visit->probe;
    int64_t behind_s = probe->hub_time_s - probe->own_time_s;
    bool is_off = behind_s > SKEW_S || behind_s < -SKEW_S;
    char span[32];

    timestamp_format_span(behind_s, span);
    if (probe->hub_time_s == 0)
        judge(visit, "clock", NULL, "not compared: the answer shows no time that proves anything");
    else
        judge(visit, "clock", is_off ? "set it: tokens are refused when it is 5 min off" : NULL,
              "%s %s the hub's, by the time in its response", span,
              behind_s > 0 ? "behind" : "ahead of");
}

static void tell_authorisation(struct visit *visit, const struct c2d_error *error)
{
    const char *device = c2d_client_device_id(visit->app->client);
    const char *what = names[C2D_STEP_ANSWER];

    if (error->status != C2D_OK)
        tell(visit, what, error);
    else if (device != NULL)
        judge(visit, what, NULL, "device %s may receive", device);
    else
        judge(visit, what, NULL, "these credentials may send and read feedback");
}

/* ---- Runs ---- */

/* What is wrong before anything is asked. */
static enum c2d_status tell_local(struct visit *visit, const struct c2d_error *error)
{
    const char *source = visit->app->source;
    struct c2d_error told = *error;

    /* A wrong command line, say, is not what ails this machine. */
    if (error->status != C2D_CONFIG && error->status != C2D_AUTH)
        return report_error(visit->app, error, NULL);
    if (error->step == C2D_STEP_KEY)
        judge(visit, names[C2D_STEP_CONNECTION_STRING], NULL, "from %s", source);
    else if (error->step == C2D_STEP_CONNECTION_STRING && strstr(error->text, source) == NULL)
        snprintf(told.text, sizeof told.text, "from %s: %.200s", source, error->text);
    tell(visit, names[error->step], &told);
    return visit->first;
}

static void tell_probe(struct visit *visit, const struct c2d_error *error)
{
    bool is_answered = error->status == C2D_OK || error->http_status != 0;
    enum c2d_step stuck = is_answered ? C2D_STEP_ANSWER : error->step;

    tell_client(visit);
    for (enum c2d_step step = C2D_STEP_NAME; step < stuck; step++)
        tell_step(visit, step);
    if (is_answered)
        tell_clock(visit);
    if (stuck == C2D_STEP_ANSWER)
        tell_authorisation(visit, error);
    else if (stuck != C2D_STEP_NONE || error->status == C2D_CONFIG)
        tell(visit, names[stuck], error);
    else
        visit->first = worse(visit->first, report_error(visit->app, error, NULL));
}

static enum c2d_status run(struct app *app, void *settings)
{
    struct visit visit = { .app = app };
    struct c2d_error error = { .status = C2D_OK };
    struct common *common = &app->common;
    enum c2d_status status;

    (void)settings;
    if (app->word_count > 0)
        return report_usage(app, "too many arguments: '%.60s'", app->words[0]);
    if (common->connect_timeout_ms == 0)
        common->connect_timeout_ms = CONNECT_MS;
    if (common->timeout_ms == 0)
        common->timeout_ms = common->connect_timeout_ms + ANSWER_MS;
    app->held = &error;
    status = session_open(app);
    app->held = NULL;
    if (status != C2D_OK)
        return worse(tell_local(&visit, &error), visit.output);
    status = c2d_probe(app->client, &visit.probe, &error);
    if (status == C2D_DRY_RUN || status == C2D_CANCELLED)
        return status;
    tell_probe(&visit, &error);
    return worse(visit.first, visit.output);
}

const struct command doctor_command = {
    .name = "doctor",
    .arguments = "",
    .summary = "check each step of the way to the hub; takes no message, ends within 10 s",
    .prints = true,
    .run = run,
};
