#define _GNU_SOURCE /* execvpe, memfd_create, close_range */
#include "handler.h"

#include "../common/credentials.h"
#include "../common/monotonic.h"
#include "../common/output.h"
#include "../common/report.h"
#include "../common/signals.h"
#include "handler_env.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KILL_AFTER_MS = 5000, LOOK_MS = 50 };

/* Exit codes with a meaning of their own. */
enum { EXIT_TEMPFAIL = 75, EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127 };

/* ---- Start ---- */

/* The body as a file without a name: a handler may leave it unread, which a pipe would punish. */
static int body_file(const struct c2d_message *message)
{
    int fd = memfd_create("c2d-body", MFD_CLOEXEC);

    if (fd < 0
        || (output_write(fd, message->body, message->body_size) == message->body_size
            && lseek(fd, 0, SEEK_SET) == 0))
        return fd;
    close(fd);
    return -1;
}

/* In the child, between fork and exec: only what is safe there. */
static _Noreturn void become(const struct handler *handler, char **environment, int body)
{
    setpgid(0, 0);
    signals_restore();
    secrets_restore_limits(handler->app->secrets);
    if (dup2(body, STDIN_FILENO) < 0)
        _exit(EXIT_NOT_EXECUTABLE);
    /* What we have opened closes itself; this is for what we inherited. Old kernels lack it. */
    (void)close_range(3, ~0U, 0);
    execvpe(handler->command[0], handler->command, environment);
    _exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

static pid_t start(const struct handler *handler, const struct c2d_message *message)
{
    int body = body_file(message);
    char **environment = handler_env_make(message);
    pid_t pid = -1;
    int problem;

    if (body >= 0 && environment != NULL) {
        /* What comes in between is the parent's: its child would mistake it for a signal to us. */
        signals_hold(true);
        pid = fork();
        if (pid == 0)
            become(handler, environment, body);
        if (pid > 0)
            setpgid(pid, pid); /* here too, so that it is so before a signal is sent */
        signals_hold(false);
    }
    problem = environment == NULL ? ENOMEM : errno;
    handler_env_free(environment);
    if (body >= 0)
        close(body);
    errno = problem;
    return pid;
}

/* ---- Wait ---- */

struct child {
    pid_t pid;
    int fd;      /* readable when it has ended; -1: it has to be looked at now and then */
    bool ended;  /* and is no zombie any more */
    int status;  /* of waitpid() */
    int problem; /* waitpid() has failed so */
};

static void look_at(struct child *child)
{
    pid_t pid = child->ended ? 0 : waitpid(child->pid, &child->status, WNOHANG);

    if (pid == 0 || (pid < 0 && errno == EINTR))
        return;
    child->ended = true;
    child->problem = pid < 0 ? errno : 0;
}

/* Until the child has ended, a signal to us came, or timeout_ms (-1: none) have passed. */
static void await_child(struct child *child, bool for_signal, int64_t timeout_ms)
{
    int64_t end_ms = monotonic_ms() + timeout_ms;

    for (look_at(child); !child->ended; look_at(child)) {
        struct pollfd fds[2] = { { .fd = child->fd, .events = POLLIN },
                                 { .fd = for_signal ? signals_fd() : -1, .events = POLLIN } };
        int64_t left_ms = timeout_ms < 0 ? 60000 : end_ms - monotonic_ms();
        int most_ms = child->fd >= 0 ? 60000 : LOOK_MS;

        if (left_ms <= 0 || (for_signal && signals_caught() != 0))
            return;
        /* Where it cannot be watched, for want of memory or descriptors, it is looked at. */
        if (poll(fds, 2, left_ms > most_ms ? most_ms : (int)left_ms) < 0 && errno != EINTR)
            nanosleep(&(struct timespec) { 0, LOOK_MS * 1000000L }, NULL);
    }
}

/* TERM to the group, and KILL when that is not heeded, by the child or by what it has started. A
 * second signal to us ends us at once. */
static void stop_child(struct child *child)
{
    int64_t end_ms = monotonic_ms() + KILL_AFTER_MS;

    kill(-child->pid, SIGTERM);
    await_child(child, false, KILL_AFTER_MS);
    while (child->ended && kill(-child->pid, 0) == 0 && monotonic_ms() < end_ms)
        nanosleep(&(struct timespec) { 0, LOOK_MS * 1000000L }, NULL);
    kill(-child->pid, SIGKILL); /* nobody may be left, which is as good */
    await_child(child, false, -1);
}

/* Waits for the child, and ends it when it takes too long or a signal came. */
static void wait_for(const struct handler *handler, struct child *child, bool *timed_out)
{
    int64_t timeout_ms = handler->timeout_ms > 0 ? handler->timeout_ms : -1;

    *timed_out = false;
    child->fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    signals_guard_group(child->pid);
    await_child(child, true, timeout_ms);
    if (!child->ended) {
        *timed_out = signals_caught() == 0;
        stop_child(child);
    }
    signals_guard_group(0);
    if (child->fd >= 0)
        close(child->fd);
}

/* ---- Verdict ---- */

static struct dealt cannot_start(const struct handler *handler, const char *why)
{
    report_failure(handler->app, C2D_OS, "nothing is lost: the next run handles the message",
                   "handler '%s' cannot be started: %s", handler->command[0], why);
    return (struct dealt) { .verdict = VERDICT_STOP, .status = C2D_OS, .handler_exit = -1 };
}

static void report_end(const struct handler *handler, const struct c2d_message *message, int code,
                       bool timed_out)
{
    const char *id = message->message_id == NULL ? "" : message->message_id;

    if (timed_out)
        report_warning(handler->app, "the handler of message '%s' was stopped after %lld s", id,
                       (long long)(handler->timeout_ms / 1000));
    else
        report_warning(handler->app, "the handler of message '%s' ended with %d", id, code);
}

/* The table of endings. After a signal to us only what the handler did on purpose counts. */
static struct dealt judge(const struct handler *handler, int code, bool timed_out)
{
    bool interrupted = signals_caught() != 0;

    if (code == 0 && !timed_out)
        return (struct dealt) { .verdict = VERDICT_COMPLETE };
    if (code == handler->reject_code && !timed_out)
        return (struct dealt) { .verdict = VERDICT_REJECT };
    if (interrupted)
        return (struct dealt) { .verdict = VERDICT_STOP, .status = C2D_CANCELLED };
    if (code == EXIT_TEMPFAIL && !timed_out)
        return (struct dealt) { .verdict = VERDICT_STOP, .status = C2D_HANDLER };
    return (struct dealt) { .verdict = VERDICT_ABANDON, .status = C2D_HANDLER };
}

struct dealt handler_run(const struct handler *handler, const struct c2d_message *message)
{
    int64_t started_ms = monotonic_ms();
    struct child child = { .pid = start(handler, message) };
    struct dealt result;
    bool timed_out = false;
    int code;

    if (child.pid < 0)
        return cannot_start(handler, strerror(errno));
    wait_for(handler, &child, &timed_out);
    if (child.problem != 0) {
        report_failure(handler->app, C2D_OS, "nothing is lost: the next run handles the message",
                       "how handler '%s' has ended cannot be told: %s", handler->command[0],
                       strerror(child.problem));
        return (struct dealt) { .verdict = VERDICT_STOP, .status = C2D_OS, .handler_exit = -1 };
    }
    code = WIFSIGNALED(child.status) ? 128 + WTERMSIG(child.status) : WEXITSTATUS(child.status);
    if (code == EXIT_NOT_FOUND || code == EXIT_NOT_EXECUTABLE) {
        result = cannot_start(handler,
                              code == EXIT_NOT_FOUND ? "not found (127)" : "not executable (126)");
    } else {
        result = judge(handler, code, timed_out);
        if (result.status == C2D_HANDLER)
            report_end(handler, message, code, timed_out);
    }
    result.handler_exit = code;
    result.ms = monotonic_ms() - started_ms;
    return result;
}
