/* Prints help from the option tables of the parser, so that both always agree. */
#include "help.h"

#include <string.h>

static void put_option(const struct option *row, FILE *out)
{
    char names[80];

    snprintf(names, sizeof names, "%s%c%s--%s%s%s", row->letter != 0 ? "-" : " ",
             row->letter != 0 ? row->letter : ' ', row->letter != 0 ? ", " : "  ", row->name,
             row->argument != NULL ? " " : "", row->argument != NULL ? row->argument : "");
    fprintf(out, "  %-34s %s\n", names, row->help);
}

/* heading is that of the options before the first group. */
static void put_options(const struct option *options, const char *heading, FILE *out)
{
    if (options == NULL)
        return;
    if (heading != NULL && options->type != OPTION_GROUP)
        fprintf(out, "\n%s:\n", heading);
    for (const struct option *row = options; row->name != NULL; row++)
        if (row->type == OPTION_GROUP)
            fprintf(out, "\n%s:\n", row->help);
        else
            put_option(row, out);
}

/* A line for each example: the name of the program, and the line of examples. */
static void put_examples(const struct program *program, const char *examples, FILE *out)
{
    if (examples == NULL)
        return;
    fputs("\nexamples:\n", out);
    while (*examples != '\0') {
        size_t size = strcspn(examples, "\n");

        fprintf(out, "  %s %.*s\n", program->name, (int)size, examples);
        examples += size + (examples[size] == '\n');
    }
}

static void put_commands(const struct program *program, FILE *out)
{
    for (const struct command *const *command = program->commands; *command != NULL; command++)
        fprintf(out, "  %-10s %s\n", (*command)->name, (*command)->summary);
    fprintf(out, "  %-10s %s\n", "help", "show help, also on one command: help COMMAND");
}

void help_usage(const struct program *program, FILE *out)
{
    fprintf(out, "usage: %s [OPTIONS] COMMAND [OPTIONS] [--] [ARGS]\n", program->name);
    put_commands(program, out);
}

void help_program(const struct program *program, FILE *out)
{
    fprintf(out, "usage: %s [OPTIONS] COMMAND [OPTIONS] [--] [ARGS]\n%s\ncommands:\n",
            program->name, program->about);
    put_commands(program, out);
    put_options(common_options, "options of every command", out);
    put_options(program->options, NULL, out);
    fprintf(out,
            "\nThe connection string, which names the hub and holds the key, comes from -C, or\n"
            "$%s, or $CREDENTIALS_DIRECTORY (systemd), or\n"
            "~/.config/c2d/%s. Trusted roots also come from $SSL_CERT_FILE and\n"
            "$SSL_CERT_DIR, the proxy from $https_proxy, $ALL_PROXY and $NO_PROXY.\n"
            "D is a duration: 250ms, 30s, 5m, 2h, 1d; a bare number is seconds.\n",
            program->variable, program->file);
    put_examples(program, program->examples, out);
    fprintf(
        out,
        "\nexit codes: 0 done, 10 no message came, 18 or 20 no way to the hub, 64 wrong command\n"
        "line, 77 refused, 78 connection string or certificate; man c2d-messages lists all.\n"
        "man %s describes each option.\n",
        program->name);
}

void help_command(const struct program *program, const struct command *command, FILE *out)
{
    fprintf(out, "usage: %s %s [OPTIONS]%s%s\n%s\n", program->name, command->name,
            *command->arguments != '\0' ? " " : "", command->arguments, command->summary);
    if (command->about != NULL)
        fprintf(out, "\n%s", command->about);
    put_options(command->options, "options", out);
    put_examples(program, command->examples, out);
    fprintf(out, "\nOptions of every command: %s --help\n", program->name);
}
