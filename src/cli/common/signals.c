/* The first signal sets a flag and makes a pipe readable. The program decides what to stop. The
 * second signal ends the program at once. */
#define _GNU_SOURCE /* pipe2, syscall */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t caught;
static int wake[2] = { -1, -1 };
/* The child that the program waits for; 0: none. The second signal kills its process group. */
static volatile sig_atomic_t guarded;

static const int handled[] = { SIGINT, SIGTERM, SIGHUP };
static const int ignored[] = { SIGPIPE, SIGXFSZ };

static _Noreturn void die_of(int number)
{
    struct sigaction action = { .sa_handler = SIG_DFL };
    sigset_t set;

    sigaction(number, &action, NULL);
    /* In its handler the signal is blocked, so raise() would have no effect until the end. */
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(number);
    /* In the first process of a container the default action is ignored. */
    _exit(128 + number);
}

static void on_signal(int number)
{
    int saved = errno;

    if (caught != 0) {
        if (guarded > 0)
            kill(-guarded, SIGKILL);
        die_of(number);
    }
    caught = number;
    if (write(wake[1], "", 1) < 0) {
        /* The pipe cannot be full: this is its only byte. */
    }
    errno = saved;
}

/* Collects every ended child except the guarded one. The first process of a container gets all
 * orphans. Any process may have inherited children from before its execve(2). */
static void collect_orphans(void)
{
    siginfo_t info;

    for (;;) {
        info.si_pid = 0;
        /* WNOWAIT: the exit status of the guarded child is for the caller that waits for it. */
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0
            || info.si_pid == guarded)
            return;
        (void)waitpid(info.si_pid, NULL, WNOHANG);
    }
}

static void on_child(int number)
{
    int saved = errno;

    (void)number;
    collect_orphans();
    errno = saved;
}

/* Blocks or unblocks the handled signals and SIGCHLD. The parent may have left them blocked. */
static void set_blocked(bool blocked)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof handled / sizeof *handled; i++)
        sigaddset(&set, handled[i]);
    sigaddset(&set, SIGCHLD);
    sigprocmask(blocked ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

bool signals_set_up(void)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN },
                     child = { .sa_handler = on_child, .sa_flags = SA_RESTART | SA_NOCLDSTOP };
    struct sigaction take = { .sa_handler = on_signal }; /* no SA_RESTART: write(2) must end */
    struct sigaction old;

    if (pipe2(wake, O_CLOEXEC) != 0)
        return false;
    for (size_t i = 0; i < sizeof handled / sizeof *handled; i++) {
        if (sigaction(handled[i], NULL, &old) != 0)
            return false;
        /* A signal that nohup or a shell has set to be ignored stays ignored. */
        if (old.sa_handler != SIG_IGN && sigaction(handled[i], &take, NULL) != 0)
            return false;
    }
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        if (sigaction(ignored[i], &ignore, NULL) != 0)
            return false;
    /* If SIGCHLD were ignored, waitpid() could not return the exit status of a child. */
    if (sigaction(SIGCHLD, &child, NULL) != 0)
        return false;
    set_blocked(false);
    collect_orphans();
    return true;
}

void signals_block(bool hold)
{
    set_blocked(hold);
}

void signals_restore(void)
{
    struct sigaction action = { .sa_handler = SIG_DFL };
    static const unsigned char kernels[64]; /* the struct of the kernel: zeros are SIG_DFL */
    sigset_t none;

    /* All signals, because execve(2) keeps ignored ones ignored. The C library rejects its own
     * realtime signals, which a parent may have ignored too. */
    for (int number = 1; number <= SIGRTMAX; number++)
        if (sigaction(number, &action, NULL) != 0)
            (void)syscall(SYS_rt_sigaction, number, kernels, NULL, sizeof(long long));
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

int signals_fd(void)
{
    return wake[0];
}

void signals_guard_child(int pid)
{
    guarded = pid;
    /* Collects children that ended while the guarded child existed. */
    if (pid == 0)
        collect_orphans();
}

int signals_caught(void)
{
    return caught;
}

void signals_raise(void)
{
    if (caught != 0)
        die_of(caught);
}
