#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The exit codes that c2d-sim has of its own. */
enum exit_code {
    EXIT_OK = 0,
    EXIT_USAGE = 64,
    EXIT_OS = 71,
    EXIT_CANTCREAT = 73,
    EXIT_IOERR = 74,
};

/* What was asked for. Texts are argv's, but for listen_host. */
struct options {
    char *listen_host; /* owned; NULL: loopback */
    const char *listen_port;
    const char *dir; /* NULL: a temporary one */
    const char **devices;
    size_t device_count; /* at least 1 */
    int64_t time_scale;
    char **command; /* NULL: none */
    bool is_done;   /* --help or --version was all */
};

/* Prints "c2d-sim: error: NAME: text" and returns code, whose NAME it is. */
enum exit_code report(enum exit_code code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Reads argv; anything but EXIT_OK was reported. options is to be cleared in any case. */
enum exit_code options_parse(struct options *options, int argc, char **argv);
void options_clear(struct options *options);

#endif
