/* Prints help from the option tables of the parser, so that both always agree. */
#include "help.h"

#include <string.h>

static void put_options(const struct option *options, FILE *out)
{
    for (const struct option *row = options; row != NULL && row->name != NULL; row++) {
        char names[80];

        snprintf(names, sizeof names, "%s%c%s--%s%s%s", row->letter != 0 ? "-" : " ",
                 row->letter != 0 ? row->letter : ' ', row->letter != 0 ? ", " : "  ", row->name,
                 row->argument != NULL ? " " : "", row->argument != NULL ? row->argument : "");
        fprintf(out, "  %-34s %s\n", names, row->help);
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
    fprintf(out, "usage: %s [OPTIONS] COMMAND [OPTIONS] [--] [ARGS]\n\ncommands:\n", program->name);
    put_commands(program, out);
    fputs("\noptions of every command:\n", out);
    put_options(common_options, out);
    put_options(program->options, out);
    fprintf(out,
            "\nThe connection string comes from -C, or $%s, or\n"
            "$CREDENTIALS_DIRECTORY (systemd), or ~/.config/c2d/%s.\n"
            "Durations: 250ms, 30s, 5m, 2h, 1d; a bare number is seconds. Trusted roots also come "
            "from\n"
            "$SSL_CERT_FILE and $SSL_CERT_DIR, the proxy from $https_proxy, $ALL_PROXY and "
            "$NO_PROXY.\n",
            program->variable, program->file);
}

void help_command(const struct program *program, const struct command *command, FILE *out)
{
    fprintf(out, "usage: %s %s [OPTIONS]%s%s\n%s\n", program->name, command->name,
            *command->arguments != '\0' ? " " : "", command->arguments, command->summary);
    if (command->options != NULL) {
        fputs("\noptions:\n", out);
        put_options(command->options, out);
    }
    fprintf(out, "\nOptions of every command: %s --help\n", program->name);
}
