/* The commands complete, abandon and reject: settle messages by lock token, after receive --keep.
 * What receive and poll settle themselves is settled in drain.c. */
#include "../common/encoding.h"
#include "../common/failure.h"
#include "../common/input.h"
#include "../common/json_in.h"
#include "../common/report.h"
#include "../common/session.h"
#include "../common/several.h"
#include "../common/signals.h"
#include "commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static enum c2d_status settle(struct app *app, const char *token, enum c2d_outcome outcome)
{
    struct c2d_error error;
    enum c2d_status status = c2d_settle(app->client, token, outcome, &error);

    return status == C2D_OK ? C2D_OK : report_error(app, &error, NULL);
}

/* Settles the token of a line: the line itself, or "lockToken" of a JSON object. */
static enum c2d_status settle_line(struct app *app, char *line, enum c2d_outcome outcome)
{
    char *token;
    enum c2d_status status;

    line[strcspn(line, "\r\n")] = '\0';
    if (line[strspn(line, " \t")] != '{')
        return settle(app, line, outcome);
    token = json_in_text(line, "lockToken");
    if (token == NULL)
        return report_failure(app, C2D_DATA, NULL, "a line is not a JSON object with a lockToken");
    status = settle(app, token, outcome);
    free(token);
    return status;
}

/* Settles the lines of stdin; empty ones are skipped. */
static enum c2d_status settle_lines(struct app *app, enum c2d_outcome outcome,
                                    struct several *several, struct c2d_error *error)
{
    FILE *lines = input_lines();
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    bool is_first = true;
    enum c2d_status status = C2D_OK;

    if (lines == NULL)
        return fail(error, C2D_OS, "stdin: %s", strerror(errno));
    errno = 0;
    while (several_goes_on(several) && (size = getline(&line, &room, lines)) >= 0) {
        size_t mark = is_first ? encoding_mark(line, (size_t)size) : 0;

        size -= (ssize_t)mark;
        memmove(line, line + mark, (size_t)size + 1);
        is_first = false;
        if (strlen(line) != (size_t)size)
            several_add(several, report_failure(app, C2D_DATA, NULL, "a line holds a NUL byte"));
        else if (line[strspn(line, " \t\r\n")] != '\0')
            several_add(several, settle_line(app, line, outcome));
    }
    if (signals_caught() != 0)
        status = C2D_CANCELLED;
    else if (ferror(lines))
        status = fail(error, STATUS_NO_INPUT, "stdin: %s", strerror(errno));
    free(line);
    fclose(lines);
    return status;
}

/* Reports each failed settlement as it occurs. */
static enum c2d_status run(struct app *app, enum c2d_outcome outcome, struct c2d_error *error)
{
    struct several several = { 0 };
    enum c2d_status status;

    if (app->word_count == 0)
        return fail_usage(app, error, "%s needs a lock token, or - to read them from stdin",
                          app->command->name);
    for (size_t i = 0; i < app->word_count; i++)
        if (c2d_check_lock_token(app->words[i], error) != C2D_OK)
            return error->status;
    status = session_open(app, NULL, error);
    for (size_t i = 0; status == C2D_OK && i < app->word_count && several_goes_on(&several); i++) {
        if (strcmp(app->words[i], "-") == 0)
            status = settle_lines(app, outcome, &several, error);
        else
            several_add(&several, settle(app, app->words[i], outcome));
    }
    return worse(several_status(&several), status);
}

static enum c2d_status run_complete(struct app *app, void *settings, struct c2d_error *error)
{
    (void)settings;
    return run(app, C2D_COMPLETE, error);
}

static enum c2d_status run_abandon(struct app *app, void *settings, struct c2d_error *error)
{
    (void)settings;
    return run(app, C2D_ABANDON, error);
}

static enum c2d_status run_reject(struct app *app, void *settings, struct c2d_error *error)
{
    (void)settings;
    return run(app, C2D_REJECT, error);
}

static const char about[] = "Settles messages that \"receive --keep\" has printed. TOKEN is the "
                            "lock token, which names the\n"
                            "lock of one delivery (lockToken in the JSON); - reads tokens or lines "
                            "of JSON from stdin. A lock\n"
                            "expires after a minute: exit code 13, and the message comes again.\n";

const struct command complete_command = {
    .name = "complete",
    .arguments = "TOKEN...|-",
    .summary = "remove kept messages: they are done",
    .about = about,
    .examples = "complete - < message.json\n"
                "complete 1f0d3d5e-5ab1-4a0c-8b5a-3c1b1ad0f0a4",
    .run = run_complete,
};

const struct command abandon_command = {
    .name = "abandon",
    .arguments = "TOKEN...|-",
    .summary = "put kept messages back; the tenth time removes them",
    .about = about,
    .examples = "abandon - < message.json\n"
                "abandon 1f0d3d5e-5ab1-4a0c-8b5a-3c1b1ad0f0a4",
    .run = run_abandon,
};

const struct command reject_command = {
    .name = "reject",
    .arguments = "TOKEN...|-",
    .summary = "remove kept messages: they cannot be processed",
    .about = about,
    .examples = "reject - < message.json\n"
                "reject 1f0d3d5e-5ab1-4a0c-8b5a-3c1b1ad0f0a4",
    .run = run_reject,
};
