/* options: the command line, its help, and the one form of error line. */
#include "options.h"

#include "c2d.h"
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum exit_code set_listen(struct options *options, const char *value);
static enum exit_code set_dir(struct options *options, const char *value);
static enum exit_code add_device(struct options *options, const char *value);
static enum exit_code set_time_scale(struct options *options, const char *value);
static enum exit_code show_help(struct options *options, const char *value);
static enum exit_code show_version(struct options *options, const char *value);

/* One row is all that an option is: parsing and help read it. */
static const struct row {
    const char *name;
    char letter;       /* 0: none */
    const char *value; /* NULL: takes none */
    const char *help;
    enum exit_code (*set)(struct options *options, const char *value);
} rows[] = {
    { "listen", 0, "ADDRESS[:PORT]", "listen there (default: 127.0.0.1 and a free port)",
      set_listen },
    { "dir", 0, "DIR", "keep the files in DIR (default: temporary, removed at the end)", set_dir },
    { "device", 0, "ID", "make this device; repeat for more (default: dev1)", add_device },
    { "time-scale", 0, "N", "run the hub's clock N times faster, 1 to 100000", set_time_scale },
    { "help", 'h', NULL, "show this help", show_help },
    { "version", 'V', NULL, "show the version", show_version },
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

enum exit_code report(enum exit_code code, const char *format, ...)
{
    const char *name = code == EXIT_USAGE       ? "USAGE"
                       : code == EXIT_CANTCREAT ? "CANTCREAT"
                       : code == EXIT_IOERR     ? "IOERR"
                                                : "OS";
    char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?'; /* one line, whatever was typed */
    (void)fprintf(stderr, "c2d-sim: error: %s: %s\n", name, text);
    return code;
}

/* ADDRESS, ADDRESS:PORT, [ADDRESS] or [ADDRESS]:PORT */
static enum exit_code set_listen(struct options *options, const char *value)
{
    bool is_v6 = *value == '[';
    const char *start = value + is_v6;
    size_t size = strcspn(start, is_v6 ? "]" : ":");
    const char *rest = start + size;
    int64_t port;

    if (is_v6 && *rest == ']')
        rest++;
    if (size == 0 || (is_v6 && rest == start + size)
        || (*rest != '\0' && (*rest != ':' || !text_number(rest + 1, 0, 65535, &port))))
        return report(EXIT_USAGE,
                      "--listen '%s' is not ADDRESS:PORT or [IPV6]:PORT, port 0 to 65535", value);
    free(options->listen_host);
    options->listen_host = size == 9 && strncmp(start, "localhost", size) == 0
                               ? strdup("127.0.0.1")
                               : strndup(start, size);
    options->listen_port = *rest == ':' ? rest + 1 : "0";
    return options->listen_host != NULL ? EXIT_OK : report(EXIT_OS, "out of memory");
}

static enum exit_code set_dir(struct options *options, const char *value)
{
    for (const char *c = value; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return report(EXIT_USAGE, "--dir '%s' holds a control character", value);
    if (*value == '\0')
        return report(EXIT_USAGE, "--dir must not be empty");
    options->dir = value;
    return EXIT_OK;
}

static enum exit_code add_device(struct options *options, const char *value)
{
    if (!text_is_device_id(value) || strcmp(value, ".") == 0 || strcmp(value, "..") == 0)
        return report(EXIT_USAGE, "--device '%s' is no device id", value);
    for (size_t i = 0; i < options->device_count; i++)
        if (strcmp(options->devices[i], value) == 0)
            return EXIT_OK;
    options->devices[options->device_count++] = value;
    return EXIT_OK;
}

static enum exit_code set_time_scale(struct options *options, const char *value)
{
    if (!text_number(value, 1, 100000, &options->time_scale))
        return report(EXIT_USAGE, "--time-scale '%s' is not a number from 1 to 100000", value);
    return EXIT_OK;
}

static enum exit_code show_help(struct options *options, const char *value)
{
    (void)value;
    options->is_done = true;
    (void)printf("usage: c2d-sim [OPTIONS] [-- COMMAND [ARG]...]\n"
                 "A hub for cloud-to-device messages on this machine, for trials and tests.\n"
                 "With COMMAND: runs it against the hub and ends with its exit code.\n\n");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        char name[40];

        (void)snprintf(name, sizeof name, "%s%s%s", rows[i].name, rows[i].value != NULL ? " " : "",
                       rows[i].value != NULL ? rows[i].value : "");
        (void)printf("  %c%c%s --%-22s %s\n", rows[i].letter != 0 ? '-' : ' ',
                     rows[i].letter != 0 ? rows[i].letter : ' ', rows[i].letter != 0 ? "," : " ",
                     name, rows[i].help);
    }
    return EXIT_OK;
}

static enum exit_code show_version(struct options *options, const char *value)
{
    (void)value;
    options->is_done = true;
    (void)printf("c2d-sim %s\n", C2D_VERSION);
    return EXIT_OK;
}

/* The row that an argument names; value points behind its "=", or is NULL. */
static const struct row *find_row(const char *argument, const char **value)
{
    *value = NULL;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        size_t size = strlen(rows[i].name);

        if (argument[1] == rows[i].letter && argument[1] != '\0' && argument[2] == '\0')
            return &rows[i];
        if (strncmp(argument, "--", 2) != 0 || strncmp(argument + 2, rows[i].name, size) != 0)
            continue;
        if (argument[2 + size] == '=')
            *value = argument + 2 + size + 1;
        if (argument[2 + size] == '\0' || *value != NULL)
            return &rows[i];
    }
    return NULL;
}

/* Reads the option at argv[*at] with its value and moves *at to its last word. */
static enum exit_code parse_option(struct options *options, int argc, char **argv, int *at)
{
    const char *argument = argv[*at];
    const char *value;
    const struct row *row = find_row(argument, &value);

    if (row == NULL)
        return report(EXIT_USAGE, "unknown option or argument '%s'; see c2d-sim --help", argument);
    if (row->value == NULL && value != NULL)
        return report(EXIT_USAGE, "--%s takes no value", row->name);
    if (row->value != NULL && value == NULL) {
        if (*at + 1 >= argc)
            return report(EXIT_USAGE, "--%s needs a value: %s", row->name, row->value);
        value = argv[++*at];
    }
    return row->set(options, value);
}

enum exit_code options_parse(struct options *options, int argc, char **argv)
{
    enum exit_code code = EXIT_OK;
    int at = 1;

    *options = (struct options) { .listen_port = "0", .time_scale = 1 };
    options->devices = calloc((size_t)argc + 1, sizeof *options->devices);
    if (options->devices == NULL)
        return report(EXIT_OS, "out of memory");
    for (; code == EXIT_OK && !options->is_done && at < argc; at++) {
        if (strcmp(argv[at], "--") == 0) {
            options->command = argv + at + 1;
            break;
        }
        if (argv[at][0] != '-')
            return report(EXIT_USAGE, "unexpected argument '%s'; a command follows --", argv[at]);
        code = parse_option(options, argc, argv, &at);
    }
    if (code == EXIT_OK && options->command != NULL && options->command[0] == NULL)
        return report(EXIT_USAGE, "no command behind --");
    if (code == EXIT_OK && options->device_count == 0)
        options->devices[options->device_count++] = "dev1";
    if (options->is_done && fflush(stdout) != 0)
        return report(EXIT_IOERR, "cannot write to stdout");
    return code;
}

void options_clear(struct options *options)
{
    free(options->listen_host);
    free(options->devices);
    *options = (struct options) { 0 };
}
