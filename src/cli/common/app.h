/* What both programs are made of: commands in a table, and the options of all commands. */
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
    const struct option *options; /* its own; NULL: none */
    size_t settings_size;         /* of the struct that they fill in */
    bool prints;                  /* its results go to stdout, always */
    void (*defaults)(void *settings);
    /* Returns what the program exits with; has reported it, unless it is C2D_OK. */
    enum c2d_status (*run)(struct app *app, void *settings);
};

struct program {
    const char *name;
    enum c2d_role role;
    const char *variable;                  /* the environment variable with the connection string */
    const char *file;                      /* its name below ~/.config/c2d */
    const struct option *options;          /* beside the common ones */
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

struct app {
    const struct program *program;
    const struct command *command; /* NULL until it is known */
    struct common common;
    char **words; /* arguments that are no options, NULL-terminated */
    size_t word_count;
    size_t words_before_end; /* how many of them stood before "--" */
    bool has_end;            /* there was a "--" */
    bool stdout_closed;
    int parallel;                  /* operations at once; 0: one by one */
    int patience_ms;               /* how long these wait for a hub that fails */
    bool dry_run_is_silent;        /* a dry run checks only */
    bool is_endless;               /* the load that retries add to a hub in trouble is bounded */
    const char *dry_run_body;      /* a dry run's body: a file, "-" is stdin; NULL: it is in argv */
    char *dry_run_options;         /* see dry_run.h */
    enum c2d_status output_status; /* of what a dry run printed */
    int trace_fd;                  /* 0: there is no trace */
    bool trace_failed;
    struct secrets *secrets;   /* see credentials.h */
    char source[256];          /* where the connection string came from; "": not known yet */
    bool *sync_warned;         /* see folder_sync.h; NULL: no warning is given */
    struct c2d_error *held;    /* takes what would be reported; NULL: stderr does */
    struct status_line *line;  /* is on the terminal, perhaps; NULL: there is none */
    struct c2d_client *client; /* see session.h */
};

extern const struct option common_options[];

#endif
