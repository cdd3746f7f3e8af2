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
#include <unistd.h>

enum { KILL_AFTER_MS = 5000 };

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
        pid = fork();
        if (pid == 0)
            become(handler, environment, body);
        if (pid > 0)
            setpgid(pid, pid); /* here too, so that it is so before a signal is sent */
    }
    problem = environment == NULL ? ENOMEM : errno;
    handler_env_free(environment);
    if (body >= 0)
        close(body);
    errno = problem;
    return pid;
}

/* ---- Wait ---- */

/* Until the child has ended, a signal came that was not there before, or timeout_ms (-1: none) have
 * passed; true when the child has ended. Also where it cannot be watched: that is no fault of the
 * handler's, and waitpid() still tells its end. */
static bool await_child(int child, bool for_signal, int64_t timeout_ms)
{
    struct pollfd fds[2] = { { .fd = child, .events = POLLIN },
                             { .fd = for_signal ? signals_fd() : -1, .events = POLLIN } };
    int64_t end_ms = monotonic_ms() + timeout_ms;

    for (;;) {
        int64_t left_ms = timeout_ms < 0 ? 60000 : end_ms - monotonic_ms();

        if (left_ms < 0)
            left_ms = 0;
        if (poll(fds, 2, left_ms > 60000 ? 60000 : (int)left_ms) < 0 && errno != EINTR)
            return true;
        if (fds[0].revents != 0)
            return true;
        if (fds[1].revents != 0 || (timeout_ms >= 0 && monotonic_ms() >= end_ms))
            return false;
    }
}

static void signal_group(pid_t pid, int number)
{
    kill(-pid, number); /* the group may be gone already, which is as good */
}

/* TERM to the group, and KILL when that is not heeded; a second signal to us ends us at once. */
static void stop_child(pid_t pid, int child)
{
    signal_group(pid, SIGTERM);
    if (!await_child(child, false, KILL_AFTER_MS))
        signal_group(pid, SIGKILL);
    await_child(child, false, -1);
}

/* Waits for the child, and ends it when it takes too long or a signal came. False: cannot wait. */
static bool wait_for(const struct handler *handler, pid_t pid, int *status, bool *timed_out)
{
    int child = (int)syscall(SYS_pidfd_open, pid, 0);
    int64_t timeout_ms = handler->timeout_ms > 0 ? handler->timeout_ms : -1;

    *timed_out = false;
    signals_guard_group(pid);
    if (child >= 0 && !await_child(child, true, timeout_ms)) {
        *timed_out = signals_caught() == 0;
        stop_child(pid, child);
    }
    if (child >= 0)
        close(child);
    while (waitpid(pid, status, 0) < 0)
        if (errno != EINTR)
            return false;
    signals_guard_group(0);
    return true;
}

/* ---- Verdict ---- */

static struct handler_result cannot_start(const struct handler *handler, const char *why)
{
    report_failure(handler->app, C2D_OS, "nothing is lost: the next run handles the message",
                   "handler '%s' cannot be started: %s", handler->command[0], why);
    return (struct handler_result) { .verdict = VERDICT_STOP, .status = C2D_OS };
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
static struct handler_result judge(const struct handler *handler, int code, bool timed_out)
{
    bool interrupted = signals_caught() != 0;

    if (code == 0 && !timed_out)
        return (struct handler_result) { .verdict = VERDICT_COMPLETE };
    if (code == handler->reject_code && !timed_out)
        return (struct handler_result) { .verdict = VERDICT_REJECT };
    if (interrupted)
        return (struct handler_result) { .verdict = VERDICT_STOP, .status = C2D_CANCELLED };
    if (code == EXIT_TEMPFAIL && !timed_out)
        return (struct handler_result) { .verdict = VERDICT_STOP, .status = C2D_HANDLER };
    return (struct handler_result) { .verdict = VERDICT_ABANDON, .status = C2D_HANDLER };
}

struct handler_result handler_run(const struct handler *handler, const struct c2d_message *message)
{
    int64_t started_ms = monotonic_ms();
    struct handler_result result;
    int status = 0, code;
    bool timed_out = false;
    pid_t pid = start(handler, message);

    if (pid < 0)
        return cannot_start(handler, strerror(errno));
    if (!wait_for(handler, pid, &status, &timed_out))
        return cannot_start(handler, strerror(errno));
    code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (code == EXIT_NOT_FOUND || code == EXIT_NOT_EXECUTABLE) {
        result = cannot_start(handler,
                              code == EXIT_NOT_FOUND ? "not found (127)" : "not executable (126)");
    } else {
        result = judge(handler, code, timed_out);
        if (result.status == C2D_HANDLER)
            report_end(handler, message, code, timed_out);
    }
    result.exit = code;
    result.ms = monotonic_ms() - started_ms;
    return result;
}
