#define _GNU_SOURCE /* syscall */
#include "handler.h"

#include "../common/receiver.h"
#include "../common/report.h"
#include "../common/signals.h"
#include "base/clock.h"
#include "handler_start.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A stopped child makes no descriptor readable, so its state is checked every second. */
enum { KILL_AFTER_MS = 5000, CHECK_MS = 50, CHECK_STOPPED_MS = 1000 };

/* With less time until the settlement, no handler is started. */
enum { START_MS = 1000 };

/* Exit codes with a special meaning. */
enum { EXIT_TEMPFAIL = 75, EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127 };

/* ---- Wait ---- */

struct child {
    const struct handler *handler;
    const char *message_id;
    int64_t started_ms, end_ms; /* by clock_monotonic_ms(NULL); end_ms INT64_MAX: none */
    bool timed_out;
    pid_t pid;
    int problem_fd; /* see handler_start() */
    int fd;         /* a pidfd, readable after the end; -1: none, so the child is polled */
    bool ended;     /* waitpid() has collected it */
    int status;     /* of waitpid() */
    int problem;    /* errno of a failed waitpid(); 0: none */
    bool stop_reported;
};

/* Only once: a handler that reads from a terminal is stopped repeatedly. */
static void report_stopped(struct child *child)
{
    if (!child->stop_reported)
        report_warning(child->handler->app,
                       "the handler of message '%s' was stopped by signal %d: kill -CONT %ld lets "
                       "it go on, and its time-out is not interrupted",
                       child->message_id, WSTOPSIG(child->status), (long)child->pid);
    child->stop_reported = true;
}

static void check_child(struct child *child)
{
    pid_t pid = child->ended ? 0 : waitpid(child->pid, &child->status, WNOHANG | WUNTRACED);

    if (pid == 0 || (pid < 0 && errno == EINTR))
        return;
    if (pid > 0 && WIFSTOPPED(child->status)) {
        report_stopped(child);
        return;
    }
    child->ended = true;
    child->problem = pid < 0 ? errno : 0;
}

/* Waits until the child has ended or the clock reaches end_ms. With for_signal, a caught signal
 * ends the wait. */
static void await_child(struct child *child, bool for_signal, int64_t end_ms)
{
    for (check_child(child); !child->ended; check_child(child)) {
        struct pollfd fds[2] = { { .fd = child->fd, .events = POLLIN },
                                 { .fd = for_signal ? signals_fd() : -1, .events = POLLIN } };
        int64_t left_ms = end_ms - clock_monotonic_ms(NULL);
        int max_ms = child->fd >= 0 ? CHECK_STOPPED_MS : CHECK_MS;

        if (left_ms <= 0 || (for_signal && signals_caught() != 0))
            return;
        /* Without a pidfd (no memory or descriptor), the child is polled. */
        if (poll(fds, 2, left_ms > max_ms ? max_ms : (int)left_ms) < 0 && errno != EINTR)
            nanosleep(&(struct timespec) { 0, CHECK_MS * 1000000L }, NULL);
    }
}

/* Sends TERM to the process group, and KILL to the processes that ignore it. A second signal to
 * this program ends it at once. */
static void stop_child(struct child *child)
{
    int64_t end_ms = clock_monotonic_ms(NULL) + KILL_AFTER_MS;

    kill(-child->pid, SIGTERM);
    kill(-child->pid, SIGCONT); /* a stopped process does not get TERM */
    await_child(child, false, end_ms);
    while (child->ended && kill(-child->pid, 0) == 0 && clock_monotonic_ms(NULL) < end_ms)
        nanosleep(&(struct timespec) { 0, CHECK_MS * 1000000L }, NULL);
    kill(-child->pid, SIGKILL); /* fails if no process is left */
    await_child(child, false, INT64_MAX);
}

/* Waits for the child. Stops it at its end_ms or after a signal. */
static void wait_or_stop(struct child *child)
{
    child->timed_out = false;
    child->fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    await_child(child, true, child->end_ms);
    if (!child->ended) {
        child->timed_out = signals_caught() == 0;
        stop_child(child);
    }
    signals_guard_child(0);
    if (child->fd >= 0)
        close(child->fd);
}

/* ---- Disposition ---- */

static const char *when_again(const struct handler *handler)
{
    return handler->is_spooled ? "nothing is lost: the next run handles the message"
                               : "nothing is lost: the message comes again in a minute";
}

static struct disposition fail_start(const struct handler *handler, const char *why, int code,
                                     bool executed)
{
    char text[512], hint[512];

    snprintf(hint, sizeof hint, "%s", when_again(handler));
    if (code != EXIT_NOT_FOUND || !handler_start_explain(handler->command[0], executed, text, hint))
        snprintf(text, sizeof text, "%s", why);
    if (code >= 0)
        report_failure(handler->app, C2D_OS, hint, "handler '%s' cannot be started: %s (%d)",
                       handler->command[0], text, code);
    else
        report_failure(handler->app, C2D_OS, hint, "handler '%s' cannot be started: %s",
                       handler->command[0], text);
    return (
        struct disposition) { .kind = DISPOSITION_STOP, .status = C2D_OS, .handler_exit = code };
}

static void report_end(const struct child *child, int code)
{
    if (child->timed_out)
        report_warning(child->handler->app, "the handler of message '%s' was stopped after %lld s",
                       child->message_id, (long long)(child->end_ms - child->started_ms) / 1000);
    else
        report_warning(child->handler->app, "the handler of message '%s' ended with %d",
                       child->message_id, code);
}

/* Maps an exit code to a disposition. After a signal to this program, the handler may have failed
 * because of it, so only a complete or reject counts. */
static struct disposition disposition_of(const struct handler *handler, int code, bool timed_out)
{
    bool interrupted = signals_caught() != 0;

    if (code == 0 && !timed_out)
        return (struct disposition) { .kind = DISPOSITION_COMPLETE };
    if (code == handler->reject_code && !timed_out)
        return (struct disposition) { .kind = DISPOSITION_REJECT };
    if (interrupted)
        return (struct disposition) { .kind = DISPOSITION_STOP, .status = C2D_CANCELLED };
    if (code == EXIT_TEMPFAIL && !timed_out)
        return (struct disposition) { .kind = DISPOSITION_STOP, .status = STATUS_HANDLER };
    return (struct disposition) { .kind = DISPOSITION_ABANDON, .status = STATUS_HANDLER };
}

/* Runs the child until it ends. If it cannot be started, child->pid is -1 and child->problem is
 * errno. *refused is errno of a failed execve(2), else 0. */
static void run_child(struct child *child, const struct c2d_message *message, int *refused)
{
    enum env_cut cut = ENV_WHOLE;

    do {
        child->ended = false;
        child->pid = handler_start(child->handler->app, child->handler->command, message, &cut,
                                   &child->problem_fd);
        if (child->pid < 0) {
            child->problem = errno;
            return;
        }
        wait_or_stop(child);
        *refused = handler_start_problem(child->problem_fd);
        close(child->problem_fd);
        /* A large inherited environment, or a small stack limit, leaves less room than
         * OWN_LIMIT. */
    } while (*refused == E2BIG && handler_env_cut_more(&cut));
}

/* Waits for the handler and returns its disposition. */
static struct disposition run(struct child *child, const struct c2d_message *message)
{
    const struct handler *handler = child->handler;
    struct disposition result;
    int code, refused = 0;

    run_child(child, message, &refused);
    if (child->pid < 0)
        return fail_start(handler, strerror(child->problem), -1, false);
    if (child->problem != 0) {
        report_failure(handler->app, C2D_OS, when_again(handler),
                       "the exit code of handler '%s' is unknown: %s", handler->command[0],
                       strerror(child->problem));
        return (
            struct disposition) { .kind = DISPOSITION_STOP, .status = C2D_OS, .handler_exit = -1 };
    }
    code = WIFSIGNALED(child->status) ? 128 + WTERMSIG(child->status) : WEXITSTATUS(child->status);
    if (code == EXIT_NOT_FOUND || code == EXIT_NOT_EXECUTABLE) {
        const char *ended = code == EXIT_NOT_FOUND ? "not found" : "not executable";

        result = fail_start(handler, refused != 0 ? strerror(refused) : ended, code, refused == 0);
    } else {
        result = disposition_of(handler, code, child->timed_out);
        if (result.status == STATUS_HANDLER)
            report_end(child, code);
    }
    result.handler_exit = code;
    result.ms = clock_monotonic_ms(NULL) - child->started_ms;
    return result;
}

struct disposition handler_run(const struct handler *handler, const struct c2d_message *message,
                               int64_t deadline_ms)
{
    int64_t limit_ms = deadline_ms - RECEIVER_SETTLE_MS, now_ms = clock_monotonic_ms(NULL);
    struct child child = {
        .handler = handler,
        .message_id = message->message_id == NULL ? "" : message->message_id,
        .started_ms = now_ms,
        .end_ms = handler->timeout_ms > 0 ? now_ms + handler->timeout_ms : INT64_MAX,
    };

    if (limit_ms - now_ms < START_MS) {
        report_warning(handler->app,
                       "the lock of message '%s' ends too soon to run the handler: it comes again",
                       child.message_id);
        return (struct disposition) { DISPOSITION_STOP, C2D_NETWORK, .handler_exit = -1 };
    }
    if (limit_ms < child.end_ms)
        child.end_ms = limit_ms;
    return run(&child, message);
}
