/* The main function of both programs: descriptors, secrets, signals, options, one command,
 * clean-up. */
#include "driver.h"

#include "credentials.h"
#include "help.h"
#include "nearest.h"
#include "output.h"
#include "report.h"
#include "session.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* If fd 0, 1 or 2 were free, a file opened later could take its place and receive the output for
 * stdout or stderr. */
static bool fill_standard_fds(bool *stdout_closed)
{
    *stdout_closed = fcntl(STDOUT_FILENO, F_GETFD) < 0;
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
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

static enum c2d_status fail_unknown(const struct app *app, const char *name)
{
    struct nearest nearest = { .word = name, .size = strlen(name) };

    for (const struct command *const *at = app->program->commands; *at != NULL; at++)
        nearest_try(&nearest, (*at)->name);
    nearest_try(&nearest, "help");
    if (nearest.best == NULL)
        return report_usage(app, "there is no command '%.60s'", name);
    return report_usage(app, "there is no command '%.60s': did you mean '%s'?", name, nearest.best);
}

/* A command of the other program gets a hint. */
static enum c2d_status fail_command(const struct app *app, const char *name)
{
    static const char *const devices[] = { "receive", "poll", "complete", "abandon", "reject" };
    static const char *const services[] = { "send", "feedback", "purge", "status" };
    bool is_service = app->program->role == C2D_ROLE_SERVICE;
    const char *const *others = is_service ? devices : services;
    size_t count =
        is_service ? sizeof devices / sizeof *devices : sizeof services / sizeof *services;

    for (size_t i = 0; i < count; i++)
        if (strcmp(others[i], name) == 0)
            return report_failure(app, C2D_USAGE,
                                  is_service ? "that is a command of c2d-device"
                                             : "that is a command of c2d-http",
                                  "%s has no command '%s'", app->program->name, name);
    return fail_unknown(app, name);
}

static enum c2d_status fail_parse(const struct app *app, const struct option_parser *parser)
{
    if (parser->hint == NULL)
        return report_usage(app, "%s", parser->problem);
    return report_failure(app, C2D_USAGE, parser->hint, "%s", parser->problem);
}

static enum c2d_status fail_secret(const struct app *app)
{
    return report_failure(app, C2D_USAGE, "put it into a file of mode 600 and pass -C FILE",
                          "a connection string is not an argument: every user of this machine "
                          "could read it");
}

/* Parses the options before the command, the command, and the rest. argv and words have room for
 * all arguments. */
static enum c2d_status parse(struct app *app, char **argv, char **words, void **settings)
{
    struct option_parser parser = {
        .tables = { { common_options, &app->common }, { app->program->options, &app->common } },
        .argv = argv,
        .stop_at_word = true,
        .words = words,
    };

    if (!options_parse(&parser))
        return fail_parse(app, &parser);
    if (parser.word_count == 0 && (app->common.help || app->common.version))
        return C2D_OK;
    if (parser.word_count == 0) {
        help_usage(app->program, stderr);
        return C2D_USAGE;
    }
    if (strstr(words[0], "SharedAccess") != NULL)
        return fail_secret(app);
    if (strcmp(words[0], "help") != 0) {
        app->command = find_command(app->program, words[0]);
        if (app->command == NULL)
            return fail_command(app, words[0]);
        /* One byte more: without settings, calloc(1, 0) could return NULL. */
        *settings = calloc(1, app->command->settings_size + 1);
        if (*settings == NULL)
            return report_failure(app, C2D_OS, NULL, "out of memory");
        if (app->command->defaults != NULL)
            app->command->defaults(*settings);
        parser.tables[2] = (struct option_table) { app->command->options, *settings };
    }
    /* Continues after the command name, now also with the options of the command. */
    parser.stop_at_word = false;
    if (!options_parse(&parser))
        return fail_parse(app, &parser);
    /* Words after "--" belong to a handler. */
    for (size_t i = 1; i < parser.words_before_end; i++)
        if (strstr(words[i], "SharedAccess") != NULL)
            return fail_secret(app);
    app->words = words + 1;
    app->word_count = parser.word_count - 1;
    app->words_before_end = parser.words_before_end - 1;
    app->has_end = parser.has_end;
    return C2D_OK;
}

/* Returns the text of --version or help without its last newline, for output_line(); the caller
 * frees it. NULL: out of memory. */
static char *help_text(const struct app *app, const struct command *command)
{
    char *text = NULL, versions[96];
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    if (app->common.version) {
        c2d_library_versions(versions);
        fprintf(out, "%s %s (libc2d %s, %s)\n", app->program->name, C2D_VERSION, c2d_version(),
                versions);
    } else if (command == NULL) {
        help_program(app->program, out);
    } else {
        help_command(app->program, command, out);
    }
    if (fclose(out) == 0) {
        text[size - 1] = '\0';
        return text;
    }
    free(text);
    return NULL;
}

static enum c2d_status show_help(struct app *app)
{
    const struct command *command = app->command;
    enum c2d_status status;
    char *text;

    if (!app->common.version && command == NULL && app->word_count > 0) {
        command = find_command(app->program, app->words[0]);
        if (command == NULL)
            return fail_unknown(app, app->words[0]);
    }
    status = output_check(app);
    if (status != C2D_OK)
        return status;
    text = help_text(app, command);
    status = output_line(app, text);
    free(text);
    return status;
}

static enum c2d_status run(struct app *app, void *settings)
{
    enum c2d_status status;

    if (app->command == NULL || app->common.help || app->common.version)
        return show_help(app);
    /* Checked before any request: a result that cannot be printed must not be requested. */
    status = app->command->prints || app->common.dry_run ? output_check(app) : C2D_OK;
    if (status == C2D_OK)
        status = app->command->run(app, settings);
    if (status == C2D_DRY_RUN)
        status = C2D_OK;
    return worse(worse(status, app->output_status), session_close(app));
}

int driver_main(const struct program *program, char **argv)
{
    struct secrets secrets = { 0 };
    bool sync_warned = false;
    struct app app = {
        .program = program,
        .common = { .retries = c2d_options_default().retries },
        .dry_run_body = "-",
        .secrets = &secrets,
        .sync_warned = &sync_warned,
    };
    size_t count = 0;
    char **words;
    void *settings = NULL;
    enum c2d_status status;

    if (!fill_standard_fds(&app.stdout_closed))
        return (int)report_failure(
            &app, C2D_OS, NULL, "cannot start: no /dev/null for a closed fd: %s", strerror(errno));
    while (argv[count] != NULL)
        count++;
    words = calloc(count + 1, sizeof *words);
    if (words == NULL || !secrets_take(&secrets, program) || !signals_set_up())
        status = report_failure(&app, C2D_OS, NULL, "cannot start: %s", strerror(errno));
    else
        status = parse(&app, count > 0 ? argv + 1 : argv, words, &settings);
    if (status == C2D_OK)
        status = run(&app, settings);
    if (settings != NULL)
        options_clear(app.command->options, settings);
    free(settings);
    free(words);
    secrets_clear(&secrets);
    /* After the clean-up: the exit status shows the signal to the shell. */
    signals_raise();
    return (int)status;
}
