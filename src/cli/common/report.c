/* Writes to stderr, as lines for people or with -j for programs, and decides which statuses print
 * nothing. */
#include "report.h"

#include "base/json_write.h"
#include "base/text.h"
#include "output.h"
#include "status_line.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Writes a line without memory, cut to the size of a buffer. */
static void write_cut(const char *line)
{
    char shown[1024];
    size_t size = 0;

    for (; size + 1 < sizeof shown && line[size] != '\0'; size++)
        shown[size] = (char)(byte_is_plain((unsigned char)line[size]) ? line[size] : '?');
    shown[size] = '\0';
    (void)output_text_line(STDERR_FILENO, shown);
}

/* Made printable: texts may quote a stranger. */
void report_line(const char *line)
{
    char *shown = line == NULL ? NULL : text_printable(line, strlen(line));

    if (shown != NULL)
        (void)output_text_line(STDERR_FILENO, shown); /* a failure cannot be reported */
    else if (line != NULL)
        write_cut(line);
    free(shown);
}

static void put_plain(const struct app *app, const char *level, const char *name, const char *text)
{
    char line[1024];

    snprintf(line, sizeof line, "%s: %s: %s%s%s", app->program->name, level, name,
             *name != '\0' ? ": " : "", text);
    status_line_hide(app->line);
    report_line(line);
}

static char *json_of(const struct app *app, const char *level, const struct c2d_error *error,
                     const struct subject *subject)
{
    struct buf line;

    json_begin(&line);
    json_append_text(&line, "level", level);
    json_append_text(&line, "program", app->program->name);
    json_append_text(&line, "command", app->command == NULL ? NULL : app->command->name);
    if (error->status != C2D_OK) {
        json_append_text(&line, "name", status_name(error->status));
        json_append_number(&line, "exit", error->status);
    }
    json_append_text(&line, "message", error->text);
    json_append_text(&line, "hint", *error->hint != '\0' ? error->hint : NULL);
    if (subject != NULL) {
        json_append_text(&line, "deviceId", subject->device_id);
        json_append_text(&line, "messageId", subject->message_id);
    }
    if (error->http_status != 0)
        json_append_number(&line, "httpStatus", error->http_status);
    if (error->hub_code != 0)
        json_append_number(&line, "hubCode", error->hub_code);
    json_append_text(&line, "requestId", *error->request_id != '\0' ? error->request_id : NULL);
    if (error->attempts > 0)
        json_append_number(&line, "attempts", error->attempts);
    if (error->status != C2D_OK)
        json_append_bool(&line, "retryable", error->retryable);
    return json_end(&line);
}

/* The library names what to set; these are the options of the programs that set it. */
static const struct {
    const char *term, *options;
} option_names[] = {
    { "CA file", "--cacert FILE" },
    { "client certificate and key", "--cert FILE --key FILE" },
    { "proxy address", "--proxy URL, https_proxy or ALL_PROXY" },
    { "proxy user and password", "--proxy-user-file FILE, or the proxy's variable" },
    { "connect_to", "--connect-to HOST:PORT" },
    { "api_version", "--api-version VERSION" },
    { "a trace shows", "--trace -" },
    { "decode the token", "c2d-http sas --decode" },
};

void report_name_options(struct c2d_error *error)
{
    const char *separator = *error->hint != '\0' ? "; see " : "see ";
    const char *searched = *error->hint != '\0' ? error->hint : error->text;

    for (size_t i = 0; i < sizeof option_names / sizeof *option_names; i++) {
        const char *options = option_names[i].options;
        size_t size = strlen(error->hint);

        if (strstr(searched, option_names[i].term) == NULL || strstr(error->hint, options) != NULL
            || size + strlen(separator) + strlen(options) >= sizeof error->hint)
            continue;
        snprintf(error->hint + size, sizeof error->hint - size, "%s%s", separator, options);
        separator = ", ";
    }
}

char *report_error_json(const struct app *app, const struct c2d_error *error)
{
    struct c2d_error shown = *error;

    report_name_options(&shown);
    return json_of(app, "error", &shown, NULL);
}

static bool is_silent(const struct app *app, enum c2d_status status)
{
    /* cron mails whatever is printed, and the last two are no trouble there. Somebody at a terminal
     * waits for a message, and must see that another instance takes it. */
    return status == C2D_OK || status == C2D_DRY_RUN || status == C2D_CANCELLED
           || (status == C2D_NO_MESSAGE && !app->common.verbose)
           || (status == STATUS_LOCKED && !app->common.verbose && isatty(STDERR_FILENO) != 1);
}

/* Names the device in an error of the back end's program, and the message in one of c2d-device,
 * which is for one device, where the text does not. */
static void name_subject(const struct app *app, const struct c2d_error *error,
                         const struct subject *subject, char out[static 1024])
{
    bool is_back_end = app->program->role == C2D_ROLE_SERVICE;
    const char *id = subject == NULL ? NULL
                     : is_back_end   ? subject->device_id
                                     : subject->message_id;
    char quoted[160];

    snprintf(quoted, sizeof quoted, "'%.128s'", id == NULL ? "" : id);
    if (id == NULL || strstr(error->text, quoted) != NULL)
        snprintf(out, 1024, "%s", error->text);
    else
        snprintf(out, 1024, "%s %s: %s", is_back_end ? "device" : "message", quoted, error->text);
}

static void put(const struct app *app, const char *level, const char *name,
                const struct c2d_error *error, const struct subject *subject)
{
    char text[1024];

    if (app->common.json) {
        char *line = json_of(app, level, error, subject);

        status_line_hide(app->line);
        report_line(line);
        free(line);
        return;
    }
    name_subject(app, error, subject, text);
    put_plain(app, level, name, text);
    if (*error->hint != '\0')
        put_plain(app, "hint", "", error->hint);
}

enum c2d_status report_error(const struct app *app, const struct c2d_error *error,
                             const struct subject *subject)
{
    struct c2d_error shown = *error;

    report_name_options(&shown);
    if (!is_silent(app, error->status))
        put(app, "error", status_name(error->status), &shown, subject);
    return error->status;
}

void report_summary(const struct app *app, const struct c2d_error *error,
                    const struct subject *subject)
{
    if (error->status == C2D_CANCELLED)
        put(app, "warning", "", error, subject);
    else
        report_error(app, error, subject);
}

__attribute__((format(printf, 2, 0))) static void set_text(struct c2d_error *error,
                                                           const char *format, va_list args)
{
    if (vsnprintf(error->text, sizeof error->text, format, args) < 0)
        error->text[0] = '\0';
}

enum c2d_status report_failure(const struct app *app, enum c2d_status status, const char *hint,
                               const char *format, ...)
{
    struct c2d_error error = { .status = status };
    va_list args;

    va_start(args, format);
    set_text(&error, format, args);
    va_end(args);
    snprintf(error.hint, sizeof error.hint, "%s", hint == NULL ? "" : hint);
    return report_error(app, &error, NULL);
}

enum c2d_status report_unprinted(const struct app *app, enum c2d_status status,
                                 struct c2d_error *error, const struct subject *subject,
                                 const char *format, ...)
{
    struct c2d_error shown = { .status = status };
    size_t size;
    va_list args;

    if (status == C2D_OK)
        return status;
    va_start(args, format);
    set_text(&shown, format, args);
    va_end(args);
    size = strlen(shown.text);
    /* A signal has no text. */
    if (*error->text != '\0')
        snprintf(shown.text + size, sizeof shown.text - size, ", but that cannot be printed: %s",
                 error->text);
    *error = (struct c2d_error) { 0 };
    report_summary(app, &shown, subject);
    return status;
}

/* Reports a warning or an information. */
__attribute__((format(printf, 3, 0))) static void
report_level(const struct app *app, const char *level, const char *format, va_list args)
{
    struct c2d_error line = { .status = C2D_OK };

    set_text(&line, format, args);
    put(app, level, "", &line, NULL);
}

void report_warning(const struct app *app, const char *format, ...)
{
    va_list args;

    if (app->common.quiet)
        return;
    va_start(args, format);
    report_level(app, "warning", format, args);
    va_end(args);
}

void report_verbose(const struct app *app, const char *format, ...)
{
    va_list args;

    if (!app->common.verbose)
        return;
    va_start(args, format);
    report_level(app, "info", format, args);
    va_end(args);
}
