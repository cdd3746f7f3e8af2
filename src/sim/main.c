/* Reads the command line, sets up the hub, serves until a signal or the end of the command, and
 * cleans up. */
#include "c2d.h"
#include "command.h"
#include "files.h"
#include "hub.h"
#include "server.h"
#include "tls.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SIGNAL_COUNT = 4 };

struct program {
    const char *listen_host; /* NULL: loopback */
    const char *listen_port;
    const char *dir; /* NULL: a temporary folder */
    const char *name;
    const char **devices;
    size_t device_count;
    int64_t time_scale;
    bool is_done; /* --help or --version was printed */
    struct hub hub;
    struct files files;
    struct server server;
    struct event *signals[SIGNAL_COUNT];
    struct command command;
    int end_signal; /* the signal that ended the hub; 0: none */
    int code;
};

/* ADDRESS, ADDRESS:PORT, [ADDRESS] or [ADDRESS]:PORT */
static bool set_listen(struct program *program, char *value)
{
    bool is_v6 = *value == '[';
    char *start = value + is_v6;
    char *end = start + strcspn(start, is_v6 ? "]" : ":");
    const char *port = end + (is_v6 && *end == ']');
    int64_t number;

    if (end == start || (is_v6 && *end != ']')
        || (*port != '\0' && (*port != ':' || !text_number(port + 1, 0, 65535, &number))))
        return false;
    program->listen_port = *port == ':' ? port + 1 : "0";
    *end = '\0'; /* argv may be changed */
    program->listen_host = strcmp(start, "localhost") == 0 ? "127.0.0.1" : start;
    return true;
}

static bool set_dir(struct program *program, char *value)
{
    program->dir = value;
    return *value != '\0' && value[strcspn(value, "\n\r")] == '\0'; /* the ready line is one line */
}

/* A DNS name: it becomes part of the certificate, of URLs and of tokens. */
static bool set_name(struct program *program, char *value)
{
    program->name = value;
    return strlen(value) <= 253 && text_consists_of(value, "-.") && strchr("-.", *value) == NULL
           && strstr(value, "..") == NULL;
}

static bool add_device(struct program *program, char *value)
{
    program->devices[program->device_count++] = value;
    return text_is_device_id(value) && strcmp(value, ".") != 0 && strcmp(value, "..") != 0;
}

static bool set_time_scale(struct program *program, char *value)
{
    return text_number(value, 1, 100000, &program->time_scale);
}

/* The options, for parsing and for --help. set returns false if the value is invalid. set NULL: the
 * option has no value; the program prints its text and exits. */
static const struct option {
    const char *letter;
    const char *name;
    const char *value;
    const char *help;
    bool (*set)(struct program *program, char *value);
} options[] = {
    { "", "--listen", "ADDRESS[:PORT]",
      "listen on this address (default: 127.0.0.1 and a free port)", set_listen },
    { "", "--dir", "DIR", "write the files to DIR (default: temporary, removed at the end)",
      set_dir },
    { "", "--name", "HOST", "host name of the hub, as clients see it (default: localhost)",
      set_name },
    { "", "--device", "ID", "create this device; repeat for more (default: dev1)", add_device },
    { "", "--time-scale", "N",
      "run the hub's clock N times faster, 1 to 100000; tokens expire by it", set_time_scale },
    { "-h", "--help", "", "show this help", NULL },
    { "-V", "--version", "", "show the version", NULL },
};

enum { OPTION_COUNT = sizeof options / sizeof options[0] };

static void show(bool is_help)
{
    if (!is_help) {
        (void)printf("c2d-sim %s\n", C2D_VERSION);
        return;
    }
    (void)printf(
        "usage: c2d-sim [OPTIONS] [-- COMMAND [ARG]...]\n"
        "Simulates a hub for cloud-to-device messages on this machine, for trials and tests.\n"
        "Needs no account and no network, and keeps everything in memory.\n\n"
        "Runs COMMAND against the hub and exits with its exit code. COMMAND gets connection\n"
        "strings, device id and CA certificate in the variables that c2d-http, c2d-device, curl\n"
        "and others read. Without COMMAND, prints the URL of the hub and a folder, and serves\n"
        "until a signal. \". FOLDER/env\" sets the variables in a shell.\n\n"
        "options:\n");
    for (size_t i = 0; i < OPTION_COUNT; i++)
        (void)printf("  %2s%c %-12s %-14s %s\n", options[i].letter,
                     options[i].letter[0] != '\0' ? ',' : ' ', options[i].name, options[i].value,
                     options[i].help);
    (void)printf("\nexamples:\n"
                 "  c2d-sim -- sh -c 'c2d-http send -m hi && c2d-device receive'\n"
                 "  c2d-sim --dir hub --device dev1 --device dev2\n\n"
                 "Tests can inspect the hub, set its clock and make it fail: see man c2d-sim.\n");
}

static int parse_options(struct program *program, char **argv)
{
    static char help[] = "--help"; /* for the command "help", as in the other programs */

    for (argv++; *argv != NULL && strcmp(*argv, "--") != 0; argv++) {
        char *word = strcmp(*argv, "help") == 0 ? help : *argv;
        char *value = strchr(word, '=');
        size_t size = value != NULL ? (size_t)(value++ - word) : strlen(word);
        const struct option *option = options;

        while (option < options + OPTION_COUNT
               && (strlen(option->name) != size || strncmp(word, option->name, size) != 0)
               && strcmp(word, option->letter) != 0)
            option++;
        if (option == options + OPTION_COUNT)
            return report(EXIT_USAGE, "unknown option or argument '%s'; a command must follow --",
                          *argv);
        if (option->set == NULL && value != NULL)
            return report(EXIT_USAGE, "%s takes no value", option->name);
        if (option->set == NULL) {
            program->is_done = true;
            show(strcmp(option->name, "--help") == 0);
            return fflush(stdout) == 0 ? EXIT_OK : report(EXIT_IOERR, "cannot write to stdout");
        }
        if (value == NULL && (value = *++argv) == NULL)
            return report(EXIT_USAGE, "%s needs a value: %s", option->name, option->value);
        if (!option->set(program, value))
            return report(EXIT_USAGE, "%s: invalid value '%s'; see --help", option->name, value);
    }
    program->command.argv = *argv != NULL ? argv + 1 : NULL;
    return program->command.argv == NULL || *program->command.argv != NULL
               ? EXIT_OK
               : report(EXIT_USAGE, "no command after --");
}

/* Opens closed standard descriptors, so that no other file gets their numbers. False if stdout was
 * closed. */
static bool open_standard_descriptors(void)
{
    bool had_stdout = fcntl(STDOUT_FILENO, F_GETFD) >= 0;

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            _exit(EXIT_OS);
    return had_stdout;
}

static void on_signal(evutil_socket_t number, short events, void *context)
{
    struct program *program = context;

    (void)events;
    if (number == SIGCHLD) {
        if (!command_ended(&program->command, &program->code))
            return;
    } else if (program->command.pid != 0) {
        command_signal(&program->command, (int)number); /* the hub ends with it */
        return;
    } else {
        program->end_signal = (int)number;
    }
    (void)event_base_loopbreak(program->server.base);
}

static int watch_signals(struct program *program)
{
    static const int numbers[SIGNAL_COUNT] = { SIGCHLD, SIGINT, SIGTERM, SIGHUP };
    struct sigaction action;

    for (int i = 0; i < SIGNAL_COUNT; i++) {
        /* A signal that was ignored at the start, as by nohup, stays ignored. */
        if (numbers[i] != SIGCHLD && sigaction(numbers[i], NULL, &action) == 0
            && action.sa_handler == SIG_IGN)
            continue;
        program->signals[i] = evsignal_new(program->server.base, numbers[i], on_signal, program);
        if (evsignal_add(program->signals[i], NULL) != 0)
            return report(EXIT_OS, "cannot watch signals");
    }
    return EXIT_OK;
}

static int listen_for_clients(struct program *program)
{
    const char *host = program->listen_host;
    struct server *server = &program->server;
    struct hub *hub = &program->hub;

    server->hub = hub;
    if (!server_listen(server, host, program->listen_port))
        return errno == 0 ? report(EXIT_USAGE, "--listen: '%s' is not an IP address", host)
                          : report(EXIT_OS, "cannot listen on %s port %s: %s",
                                   host != NULL ? host : "127.0.0.1", program->listen_port,
                                   strerror(errno));
    hub->port = server->port;
    if (host != NULL) /* tokens may name it */
        hub->listen_host = text_format(strchr(host, ':') != NULL ? "[%s]" : "%s", host);
    return EXIT_OK;
}

static int set_up(struct program *program)
{
    struct evbuffer *ca_pem = evbuffer_new();
    int code;

    hub_init(&program->hub, program->name, program->time_scale);
    for (size_t i = 0; i < program->device_count; i++)
        if (hub_find_device(&program->hub, program->devices[i]) == NULL)
            (void)hub_add_device(&program->hub, program->devices[i]);
    program->hub.initial_count = program->hub.device_count;
    program->server.base = event_base_new();
    program->server.tls = tls_new(program->name, program->listen_host, ca_pem);
    code = program->server.base != NULL && program->server.tls != NULL
               ? watch_signals(program)
               : report(EXIT_OS, "cannot set up the event loop or TLS");
    if (code == EXIT_OK)
        code = listen_for_clients(program);
    if (code == EXIT_OK && !files_write(&program->files, program->dir, &program->hub, ca_pem))
        code = report(EXIT_CANTCREAT, "cannot write to %s: %s",
                      program->dir != NULL ? program->dir : "a temporary folder",
                      errno == EWOULDBLOCK ? "another c2d-sim uses it" : strerror(errno));
    evbuffer_free(ca_pem);
    return code;
}

static int run(struct program *program)
{
    int code = set_up(program);
    struct rlimit limit;

    if (code != EXIT_OK)
        return code;
    /* Before signals and limits are changed: the command inherits them. */
    if (program->command.argv != NULL) {
        int failure = command_start(&program->command);

        if (failure != 0)
            return report(EXIT_OS, "cannot run '%s': %s", program->command.argv[0],
                          strerror(failure));
    }
    if (program->command.argv == NULL && program->time_scale > 1)
        (void)fprintf(
            stderr,
            "c2d-sim: note: tokens expire by the hub's clock, a token of an hour after %.3g s; "
            "GET https://localhost:%d/_sim/sas?device=ID makes one for an hour of real time\n",
            3600.0 / (double)program->time_scale, program->hub.port);
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return report(EXIT_OS, "signal: %s", strerror(errno));
    if (program->command.argv == NULL
        && (printf("ready https://localhost:%d %s\n", program->hub.port, program->files.path) < 0
            || fflush(stdout) != 0))
        return report(EXIT_IOERR, "cannot write to stdout: %s", strerror(errno));
    /* Allows as many connections as the system grants. Further ones wait. */
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (event_base_dispatch(program->server.base) < 0)
        return report(EXIT_OS, "the event loop failed");
    return program->code;
}

static void clean_up(struct program *program)
{
    command_clear(&program->command);
    server_clear(&program->server);
    for (int i = 0; i < SIGNAL_COUNT; i++)
        if (program->signals[i] != NULL)
            event_free(program->signals[i]);
    SSL_CTX_free(program->server.tls);
    if (program->server.base != NULL)
        event_base_free(program->server.base);
    files_clear(&program->files);
    hub_clear(&program->hub);
    free(program->devices);
    libevent_global_shutdown();
}

int main(int argc, char **argv)
{
    struct program program = { .name = HUB_NAME,
                               .listen_port = "0",
                               .time_scale = 1,
                               .files.fd = -1,
                               .command.guard_fd = -1,
                               .command.terminal = -1 };
    bool had_stdout = open_standard_descriptors();
    int code;

    memory_init();
    link_init(&program.server.connections);
    program.devices = memory_new((size_t)(argc + 1) * sizeof *program.devices);
    code = parse_options(&program, argv);
    if (program.device_count == 0)
        program.devices[program.device_count++] = "dev1";
    if (code == EXIT_OK && !had_stdout && program.command.argv == NULL)
        code = report(EXIT_IOERR, "stdout is closed");
    else if (code == EXIT_OK && program.command.argv != NULL && !command_guard(&program.command))
        code = report(EXIT_OS, "cannot start a process: %s", strerror(errno));
    else if (code == EXIT_OK && !program.is_done)
        code = run(&program);
    clean_up(&program);
    if (program.end_signal != 0) {
        (void)signal(program.end_signal, SIG_DFL);
        (void)raise(program.end_signal);
    }
    return code;
}
