/* main: sets the hub up, serves until a signal or the command's end, and cleans up. */
#define _GNU_SOURCE /* environ */
#include "call.h"
#include "files.h"
#include "options.h"
#include "server.h"
#include "tls.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIGNAL_COUNT = 4 };

struct program {
    struct options options;
    struct hub hub;
    struct files files;
    struct server server;
    struct event *signals[SIGNAL_COUNT];
    pid_t child;    /* 0: none */
    int end_signal; /* that ended the hub; 0: none */
    enum exit_code code;
};

static enum exit_code out_of_memory(void)
{
    return report(EXIT_OS, "out of memory or of random bytes");
}

/* Later files must not land on the standard descriptors. False if stdout was closed. */
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
    int status = 0;

    (void)events;
    if (number == SIGCHLD) {
        if (program->child == 0 || waitpid(program->child, &status, WNOHANG) != program->child
            || (!WIFEXITED(status) && !WIFSIGNALED(status)))
            return;
        program->child = 0;
        program->code =
            (enum exit_code)(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    } else if (program->child != 0) {
        (void)kill(program->child, (int)number); /* its end will be ours */
        return;
    } else {
        program->end_signal = (int)number;
    }
    (void)event_base_loopbreak(program->server.base);
}

/* A signal that was ignored at the start, as nohup does, stays so. */
static bool is_ignored(int number)
{
    struct sigaction action;

    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN
           && number != SIGCHLD;
}

static enum exit_code watch_signals(struct program *program)
{
    static const int numbers[SIGNAL_COUNT] = { SIGCHLD, SIGINT, SIGTERM, SIGHUP };
    struct sigaction ignore = { .sa_handler = SIG_IGN };

    if (sigaction(SIGPIPE, &ignore, NULL) != 0)
        return report(EXIT_OS, "sigaction: %s", strerror(errno));
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        if (is_ignored(numbers[i]))
            continue;
        program->signals[i] = evsignal_new(program->server.base, numbers[i], on_signal, program);
        if (program->signals[i] == NULL || evsignal_add(program->signals[i], NULL) != 0)
            return out_of_memory();
    }
    return EXIT_OK;
}

static enum exit_code make_hub(struct program *program)
{
    struct hub *hub = &program->hub;

    if (!hub_init(hub, program->options.time_scale))
        return out_of_memory();
    for (size_t i = 0; i < program->options.device_count; i++)
        if (hub_add_device(hub, program->options.devices[i]) == NULL)
            return out_of_memory();
    return hub_keep_devices(hub) ? EXIT_OK : out_of_memory();
}

/* The name by which tokens and URLs may call the address, so [ADDRESS] for IPv6. */
static char *listen_name(const char *host)
{
    struct buf name = { 0 };

    buf_format(&name, strchr(host, ':') != NULL ? "[%s]" : "%s", host);
    return name.data;
}

static enum exit_code listen_for_clients(struct program *program)
{
    const char *host = program->options.listen_host;
    struct server *server = &program->server;
    struct hub *hub = &program->hub;
    struct buf name = { 0 };

    server->connections.handle = call_handle;
    server->connections.context = hub;
    server->accepted = &hub->connections;
    if (!server_listen(server, host, program->options.listen_port))
        return errno == 0 ? report(EXIT_USAGE, "--listen '%s' is no IP address", host)
                          : report(EXIT_OS, "cannot listen on %s port %s: %s",
                                   host != NULL ? host : "127.0.0.1", program->options.listen_port,
                                   strerror(errno));
    buf_format(&name, "localhost:%d", server->port);
    hub->host_name = name.data;
    if (host != NULL)
        hub->listen_host = listen_name(host);
    return hub->host_name == NULL || (host != NULL && hub->listen_host == NULL) ? out_of_memory()
                                                                                : EXIT_OK;
}

static enum exit_code set_up(struct program *program)
{
    struct server *server = &program->server;
    struct buf ca_pem = { 0 };
    enum exit_code code = make_hub(program);

    if (code != EXIT_OK)
        return code;
    server->base = event_base_new();
    server->tls = tls_new(program->options.listen_host, &ca_pem);
    if (server->base == NULL || server->tls == NULL)
        code = report(EXIT_OS, "cannot set up the event loop or TLS");
    if (code == EXIT_OK)
        code = watch_signals(program);
    if (code == EXIT_OK)
        code = listen_for_clients(program);
    if (code == EXIT_OK
        && (!files_open(&program->files, program->options.dir)
            || !files_write(&program->files, &program->hub, &ca_pem)))
        code = report(EXIT_CANTCREAT, "cannot write to %s: %s",
                      program->options.dir != NULL ? program->options.dir : "a temporary folder",
                      strerror(errno));
    buf_clear(&ca_pem);
    return code;
}

/* Runs the command in our process group, with the signals as they were. */
static enum exit_code start_command(struct program *program)
{
    char **command = program->options.command;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    int failure;

    if (!files_export(&program->files, &program->hub))
        return out_of_memory();
    failure = posix_spawnattr_init(&attributes);
    if (failure != 0)
        return report(EXIT_OS, "cannot run '%s': %s", command[0], strerror(failure));
    (void)sigemptyset(&defaults);
    (void)sigaddset(&defaults, SIGPIPE);
    if ((failure = posix_spawnattr_setsigdefault(&attributes, &defaults)) == 0
        && (failure = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF)) == 0)
        failure = posix_spawnp(&program->child, command[0], NULL, &attributes, command, environ);
    (void)posix_spawnattr_destroy(&attributes);
    if (failure != 0) {
        program->child = 0;
        return report(EXIT_OS, "cannot run '%s': %s", command[0], strerror(failure));
    }
    return EXIT_OK;
}

static enum exit_code announce(const struct program *program)
{
    if (printf("ready https://%s %s\n", program->hub.host_name, program->files.path) < 0
        || fflush(stdout) != 0)
        return report(EXIT_IOERR, "cannot write to stdout: %s", strerror(errno));
    return EXIT_OK;
}

/* As many connections as the system grants. The command, started before, keeps its own limit. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* else there are fewer, and the rest waits */
    }
}

static enum exit_code run(struct program *program)
{
    enum exit_code code = set_up(program);

    if (code == EXIT_OK)
        code = program->options.command != NULL ? start_command(program) : announce(program);
    if (code != EXIT_OK)
        return code;
    raise_descriptor_limit();
    if (event_base_dispatch(program->server.base) < 0)
        return report(EXIT_OS, "the event loop failed");
    return program->code;
}

static void clean_up(struct program *program)
{
    server_clear(&program->server);
    for (int i = 0; i < SIGNAL_COUNT; i++)
        if (program->signals[i] != NULL)
            event_free(program->signals[i]);
    tls_free(program->server.tls);
    if (program->server.base != NULL)
        event_base_free(program->server.base);
    files_clear(&program->files);
    hub_clear(&program->hub);
    options_clear(&program->options);
    libevent_global_shutdown();
}

int main(int argc, char **argv)
{
    struct program program = { .files.fd = -1 };
    bool had_stdout = open_standard_descriptors();
    enum exit_code code = options_parse(&program.options, argc, argv);

    if (code == EXIT_OK && !had_stdout && program.options.command == NULL)
        code = report(EXIT_IOERR, "stdout is closed");
    else if (code == EXIT_OK && !program.options.is_done)
        code = run(&program);
    clean_up(&program);
    if (program.end_signal != 0) {
        (void)signal(program.end_signal, SIG_DFL);
        (void)raise(program.end_signal);
    }
    return (int)code;
}
