/* A signal sets a flag and makes a pipe readable; those who look at them decide what ends. Only the
 * second one acts by itself. */
#define _DEFAULT_SOURCE /* syscall */
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
/* The child that is waited for, and its process group, which dies with us at the second signal; 0:
 * none. */
static volatile sig_atomic_t guarded;

static const int taken[] = { SIGINT, SIGTERM, SIGHUP };
static const int ignored[] = { SIGPIPE, SIGXFSZ };

static _Noreturn void die_of(int number)
{
    struct sigaction action = { .sa_handler = SIG_DFL };
    sigset_t set;

    sigaction(number, &action, NULL);
    /* Within its handler a signal is blocked, and raise() would wait for its end. */
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(number);
    /* The default action does nothing to the first process of a container. */
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

/* Collects every child that has ended but the guarded one. The first process of a container gets
 * all orphans, and any process those that were started before it was executed. */
static void collect_orphans(void)
{
    siginfo_t info;

    for (;;) {
        info.si_pid = 0;
        /* Looks first: the guarded child's end is for the one who waits for it. */
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

/* The three, and the end of a child. A parent may have left them blocked. */
static void set_blocked(bool blocked)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        sigaddset(&set, taken[i]);
    sigaddset(&set, SIGCHLD);
    sigprocmask(blocked ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

bool signals_set_up(void)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN },
                     child = { .sa_handler = on_child, .sa_flags = SA_RESTART | SA_NOCLDSTOP };
    struct sigaction take = { .sa_handler = on_signal }; /* no SA_RESTART: write(2) must end */
    struct sigaction old;

    if (pipe(wake) != 0 || fcntl(wake[0], F_SETFD, FD_CLOEXEC) != 0
        || fcntl(wake[1], F_SETFD, FD_CLOEXEC) != 0)
        return false;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        if (sigaction(taken[i], NULL, &old) != 0)
            return false;
        /* What nohup, or a shell for its background jobs, has set to be ignored stays so (Q1). */
        if (old.sa_handler != SIG_IGN && sigaction(taken[i], &take, NULL) != 0)
            return false;
    }
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        if (sigaction(ignored[i], &ignore, NULL) != 0)
            return false;
    /* Ignored, it would take from us how a child has ended. */
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
    static const unsigned char kernels[64]; /* the kernel's struct: zeros are SIG_DFL */
    sigset_t none;

    /* All: execve(2) leaves ignored what was ignored, by us or by whoever started us. The C library
     * refuses those that it keeps for its threads, which a parent may ignore all the same. */
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
    /* Those that have ended after a guarded child were left until now. */
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
