/* The command sas: prints a token for other tools, or decodes one. It sends no request and cannot
 * verify a signature. */
#include "sas.h"

#include "base/buf.h"
#include "base/json_write.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "credentials.h"
#include "failure.h"
#include "output.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct settings {
    int64_t ttl_ms;
    bool decode;
};

static const char about[] = "A token (shared access signature) is signed with the key of the "
                            "connection string. Who has it\n"
                            "has its rights until it expires. Nothing is sent.\n";

static const struct option options[] = {
    { 0, "ttl", "D", "validity of the token (1h)", OPTION_DURATION,
      offsetof(struct settings, ttl_ms), 1000, (int64_t)3650 * 86400000 },
    { 0, "decode", NULL, "read a token from stdin and print its parts", OPTION_FLAG,
      offsetof(struct settings, decode), 0, 0 },
    { 0, NULL, NULL, NULL, OPTION_FLAG, 0, 0, 0 },
};

static void defaults(void *settings)
{
    ((struct settings *)settings)->ttl_ms = 3600000;
}

/* "expired 3 h ago", "good for another 59 min" */
static void validity_text(int64_t left_s, char *out, size_t size)
{
    char span[32];

    timestamp_format_span(left_s, span);
    snprintf(out, size, left_s <= 0 ? "expired %s ago" : "good for another %s", span);
}

/* The token may be of unknown origin, so its texts are made printable. NULL: out of memory. */
static char *plain_text(const struct c2d_sas *sas, const char *expiry, const char *validity)
{
    const char *policy = *sas->policy != '\0' ? sas->policy : "(a device's own key)";
    char *resource = text_printable(sas->resource, strlen(sas->resource));
    char *shown = text_printable(policy, strlen(policy)), *text = NULL;
    /* A printable byte takes at most 4 bytes. The rest is for labels and times. */
    size_t size = 4 * (sizeof sas->resource + sizeof sas->policy) + 256;

    if (resource != NULL && shown != NULL)
        text = malloc(size);
    if (text != NULL)
        snprintf(text, size, "resource  %s\npolicy    %s\nexpiry    %s  %s", resource, shown,
                 expiry, validity);
    free(resource);
    free(shown);
    return text;
}

static enum c2d_status print_parts(const struct app *app, const struct c2d_sas *sas,
                                   struct c2d_error *error)
{
    char expiry[TIMESTAMP_SIZE], validity[64], *text;
    int64_t left_s = sas->expires_at_s - (int64_t)time(NULL);
    struct buf line;
    enum c2d_status status;

    timestamp_format(sas->expires_at_s, "Z", expiry);
    if (app->common.json) {
        json_begin(&line);
        json_append_text(&line, "resource", sas->resource);
        json_append_text(&line, "policy", *sas->policy != '\0' ? sas->policy : NULL);
        json_append_text(&line, "expiry", expiry);
        json_append_number(&line, "expiresInSeconds", left_s);
        json_append_bool(&line, "expired", left_s <= 0);
        return output_object(app, &line, error);
    }
    validity_text(left_s, validity, sizeof validity);
    text = plain_text(sas, expiry, validity);
    status = output_line(app, text, error);
    free(text);
    return status;
}

static enum c2d_status decode(const struct app *app, struct c2d_error *error)
{
    struct c2d_sas sas;
    char *token = NULL, *start;
    enum c2d_status status = credentials_read_file(app, "-", 8192, &token, error);

    if (status != C2D_OK)
        return status;
    token[strcspn(token, "\r\n")] = '\0';
    start = token;
    if (strncmp(start, "Authorization: ", 15) == 0)
        start += 15; /* copied from a trace */
    status = c2d_sas_decode(start, &sas, error);
    wipe_free(token);
    return status == C2D_OK ? print_parts(app, &sas, error) : status;
}

static enum c2d_status print_token(const struct app *app, char *token, struct c2d_error *error)
{
    struct c2d_sas sas;
    struct buf line;
    char expiry[TIMESTAMP_SIZE];
    enum c2d_status status;

    if (!app->common.json)
        return output_line(app, token, error);
    status = c2d_sas_decode(token, &sas, error);
    if (status != C2D_OK)
        return status;
    timestamp_format(sas.expires_at_s, "Z", expiry);
    json_begin(&line);
    json_append_text(&line, "token", token);
    json_append_text(&line, "resource", sas.resource);
    json_append_text(&line, "expiry", expiry);
    return output_object(app, &line, error);
}

static enum c2d_status run(struct app *app, void *arguments, struct c2d_error *error)
{
    const struct settings *settings = arguments;
    size_t most = app->program->role == C2D_ROLE_SERVICE && !settings->decode ? 1 : 0;
    char *token = NULL;
    enum c2d_status status;

    if (app->word_count > most)
        return fail_usage(app, error, "too many arguments: '%.60s'", app->words[most]);
    if (settings->decode)
        return decode(app, error);
    status = session_open(app, NULL, error);
    /* Whole seconds, rounded up: never shorter than requested. */
    if (status == C2D_OK)
        status = c2d_sas_token(app->client, app->word_count > 0 ? app->words[0] : NULL,
                               (settings->ttl_ms + 999) / 1000, &token, error);
    if (status == C2D_OK)
        status = print_token(app, token, error);
    wipe_free(token);
    return status;
}

const struct command sas_service_command = {
    .name = "sas",
    .arguments = "[DEVICE]",
    .summary = "print a token for the hub, or for DEVICE alone",
    .about = about,
    .examples = "sas dev1 --ttl 10m\n"
                "sas --decode < token",
    .options = options,
    .settings_size = sizeof(struct settings),
    .defaults = defaults,
    .prints = true,
    .run = run,
};

const struct command sas_device_command = {
    .name = "sas",
    .arguments = "",
    .summary = "print a token for this device",
    .about = about,
    .examples = "sas --ttl 10m\n"
                "sas --decode < token",
    .options = options,
    .settings_size = sizeof(struct settings),
    .defaults = defaults,
    .prints = true,
    .run = run,
};
