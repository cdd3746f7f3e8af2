/* The main function of both programs: descriptors, secrets, signals, options, one command,
 * clean-up. */
#include "driver.h"

#include "base/crypto.h"
#include "base/file.h"
#include "credentials.h"
#include "failure.h"
#include "help.h"
#include "nearest.h"
#include "output.h"
#include "report.h"
#include "session.h"
#include "signals.h"
#include "status_line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* If fd 0, 1 or 2 were free, a file opened later could take its place and receive the output for
 * stdout or stderr. */
static bool fill_standard_fds(bool *stdout_closed)
{
    *stdout_closed = !file_is_open(STDOUT_FILENO);
    for (int fd = 0; fd <= 2; fd++)
        if (!file_is_open(fd) && open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
            return false;
    return true;
}

static const struct command *find_command(const struct program *program, const char *name)
{
    for (const struct command *const *command = program->commands; *command != NULL; command++)
        if (strcmp((*command)->name, name) == 0)
            return *command;
    return NULL;
}

static enum c2d_status fail_unknown(const struct app *app, const char *name,
                                    struct c2d_error *error)
{
    struct nearest nearest = { .word = name, .size = strlen(name) };

    for (const struct command *const *at = app->program->commands; *at != NULL; at++)
        nearest_try(&nearest, (*at)->name);
    nearest_try(&nearest, "help");
    if (nearest.best == NULL)
        return fail_usage(app, error, "there is no command '%.60s'", name);
    return fail_usage(app, error, "there is no command '%.60s': did you mean '%s'?", name,
                      nearest.best);
}

/* A command of the other program gets a hint. */
static enum c2d_status fail_command(const struct app *app, const char *name,
                                    struct c2d_error *error)
{
    static const char *const devices[] = { "receive", "poll", "complete", "abandon", "reject" };
    static const char *const services[] = { "send", "feedback", "purge", "status" };
    bool is_service = app->program->role == C2D_ROLE_SERVICE;
    const char *const *others = is_service ? devices : services;
    size_t count =
        is_service ? sizeof devices / sizeof *devices : sizeof services / sizeof *services;

    for (size_t i = 0; i < count; i++)
        if (strcmp(others[i], name) == 0)
            return fail_with_hint(error, C2D_USAGE,
                                  is_service ? "that is a command of c2d-device"
                                             : "that is a command of c2d-http",
                                  "%s has no command '%s'", app->program->name, name);
    return fail_unknown(app, name, error);
}

static enum c2d_status fail_parse(const struct app *app, const struct option_parser *parser,
                                  struct c2d_error *error)
{
    if (parser->hint == NULL)
        return fail_usage(app, error, "%s", parser->problem);
    return fail_with_hint(error, C2D_USAGE, parser->hint, "%s", parser->problem);
}

static enum c2d_status fail_secret(struct c2d_error *error)
{
    return fail_with_hint(error, C2D_USAGE, "put it into a file of mode 600 and pass -C FILE",
                          "a connection string is not an argument: every user of this machine "
                          "could read it");
}

/* Parses the options before the command, the command, and the rest. argv and words have room for
 * all arguments. */
static enum c2d_status parse(struct app *app, char **argv, char **words, void **settings,
                             struct c2d_error *error)
{
    struct option_parser parser = {
        .tables = { { common_options, &app->common }, { app->program->options, &app->common } },
        .argv = argv,
        .stop_at_word = true,
        .words = words,
    };

    if (!options_parse(&parser))
        return fail_parse(app, &parser, error);
    if (parser.word_count == 0 && (app->common.help || app->common.version))
        return C2D_OK;
    if (parser.word_count == 0) {
        help_usage(app->program, stderr);
        return C2D_USAGE;
    }
    if (strstr(words[0], "SharedAccess") != NULL)
        return fail_secret(error);
    if (strcmp(words[0], "help") != 0) {
        app->command = find_command(app->program, words[0]);
        if (app->command == NULL)
            return fail_command(app, words[0], error);
        /* One byte more: without settings, calloc(1, 0) could return NULL. */
        *settings = calloc(1, app->command->settings_size + 1);
        if (*settings == NULL)
            return fail_memory(error);
        if (app->command->defaults != NULL)
            app->command->defaults(*settings);
        parser.tables[2] = (struct option_table) { app->command->options, *settings };
    }
    /* Continues after the command name, now also with the options of the command. */
    parser.stop_at_word = false;
    if (!options_parse(&parser))
        return fail_parse(app, &parser, error);
    /* Words after "--" belong to a handler. */
    for (size_t i = 1; i < parser.words_before_end; i++)
        if (strstr(words[i], "SharedAccess") != NULL)
            return fail_secret(error);
    app->words = words + 1;
    app->word_count = parser.word_count - 1;
    app->words_before_end = parser.words_before_end - 1;
    app->has_end = parser.has_end;
    return C2D_OK;
}

static void put_version(const struct program *program, FILE *out)
{
    char versions[96];

    c2d_library_versions(versions);
    fprintf(out, "%s %s (libc2d %s, %s)\n", program->name, C2D_VERSION, c2d_version(), versions);
}

static enum c2d_status show_help(const struct app *app, struct c2d_error *error)
{
    const struct command *command = app->command;
    enum c2d_status status;
    char *text = NULL;
    size_t size = 0;
    FILE *out;

    if (!app->common.version && command == NULL && app->word_count > 0) {
        command = find_command(app->program, app->words[0]);
        if (command == NULL)
            return fail_unknown(app, app->words[0], error);
    }
    status = output_check(app, error);
    if (status != C2D_OK)
        return status;
    out = open_memstream(&text, &size);
    if (out != NULL && app->common.version)
        put_version(app->program, out);
    else if (out != NULL && command == NULL)
        help_program(app->program, out);
    else if (out != NULL)
        help_command(app->program, command, out);
    return output_stream(app, out, &text, &size, error);
}

static enum c2d_status run(struct app *app, void *settings, struct c2d_error *error)
{
    enum c2d_status status;

    if (app->command == NULL || app->common.help || app->common.version)
        return show_help(app, error);
    /* Checked before any request: a result that cannot be printed must not be requested. */
    status = app->command->prints || app->common.dry_run ? output_check(app, error) : C2D_OK;
    return status == C2D_OK ? app->command->run(app, settings, error) : status;
}

/* Reports what the command returned, and the errors of the dry run and the trace. */
static enum c2d_status finish(struct app *app, enum c2d_status status,
                              const struct c2d_error *error)
{
    struct c2d_error close_error = { 0 };

    report_error(app, error, NULL);
    status = worse(status == C2D_DRY_RUN ? C2D_OK : status,
                   report_error(app, &app->dry_run.error, NULL));
    status = worse(status, session_close(app, &close_error));
    report_error(app, &close_error, NULL);
    return status;
}

int driver_main(const struct program *program, char **argv)
{
    struct secrets secrets = { 0 };
    struct status_line line = { 0 };
    bool sync_warned = false;
    struct app app = {
        .program = program,
        .common = { .retries = c2d_options_default().retries },
        .secrets = &secrets,
        .sync_warned = &sync_warned,
        .line = &line,
    };
    size_t count = 0;
    char **words;
    void *settings = NULL;
    struct c2d_error error = { 0 };
    enum c2d_status status;

    if (!fill_standard_fds(&app.stdout_closed))
        return (int)report_failure(
            &app, C2D_OS, NULL, "cannot start: no /dev/null for a closed fd: %s", strerror(errno));
    crypto_skip_clean_up();
    while (argv[count] != NULL)
        count++;
    words = calloc(count + 1, sizeof *words);
    if (words == NULL || !secrets_take(&secrets, program) || !signals_set_up())
        status = fail(&error, C2D_OS, "cannot start: %s", strerror(errno));
    else
        status = parse(&app, count > 0 ? argv + 1 : argv, words, &settings, &error);
    if (status == C2D_OK)
        status = run(&app, settings, &error);
    status = finish(&app, status, &error);
    if (settings != NULL)
        options_clear(app.command->options, settings);
    free(settings);
    free(words);
    secrets_clear(&secrets);
    /* After the clean-up: the exit status shows the signal to the shell. */
    signals_raise();
    return (int)status;
}
