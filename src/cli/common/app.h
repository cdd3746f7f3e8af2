/* The structure of both programs: a table of commands, and the common options. */
#ifndef APP_H
#define APP_H

#include "exit_status.h"
#include "options.h"

#include <stdio.h>

struct app;

struct command {
    const char *name;
    const char *arguments; /* for the usage line */
    const char *summary;
    const char *about;            /* more lines for its help; NULL: none */
    const char *examples;         /* arguments, a line for each example; NULL: none */
    const struct option *options; /* options of this command; NULL: none */
    size_t settings_size;         /* of the struct that the options fill in */
    bool prints;                  /* always prints results to stdout */
    void (*defaults)(void *settings);
    /* Returns the exit code. error, zeroed before, is what remains to be reported: C2D_OK if the
     * command has reported its errors itself. */
    enum c2d_status (*run)(struct app *app, void *settings, struct c2d_error *error);
};

struct program {
    const char *name;
    enum c2d_role role;
    const char *variable;                  /* the environment variable with the connection string */
    const char *file;                      /* file name in ~/.config/c2d */
    const char *about, *examples;          /* as in struct command */
    const struct option *options;          /* in addition to the common ones */
    const struct command *const *commands; /* NULL-terminated */
};

struct common {
    const char *connection_file;
    const char *cert, *key;
    int64_t connect_timeout_ms, timeout_ms; /* 0: not given */
    int64_t retries;
    const char *proxy, *proxy_user_file, *cacert, *connect_to, *api_version, *trace;
    const char *tls_cache;
    bool json, quiet, verbose, dry_run, help, version;
};

/* See dry_run.h. Initialise it to zero. */
struct dry_run {
    bool is_silent;         /* the request is checked, but not printed */
    const char *body;       /* the file of the body, "-": stdin; NULL: the body is in argv */
    char *connection;       /* the options of the connection */
    struct c2d_error error; /* of the output */
};

struct app {
    const struct program *program;
    const struct command *command; /* NULL until it is known */
    struct common common;
    char **words; /* arguments that are not options, NULL-terminated */
    size_t word_count;
    size_t words_before_end; /* how many of them precede "--" */
    bool has_end;            /* the command line contains "--" */
    bool stdout_closed;
    struct secrets *secrets;  /* see credentials.h */
    bool *sync_warned;        /* see folder_sync.h; NULL: no warning is printed */
    struct status_line *line; /* the progress line on the terminal; NULL: none */

    /* Of the session: see session.h. */
    char source[256]; /* source of the connection string; "": not known yet */
    struct c2d_client *client;
    struct dry_run dry_run;
    int trace_fd; /* 0: no trace */
    bool trace_failed;
};

extern const struct option common_options[];

#endif
