/* A signal sets a flag and makes a pipe readable; those who look at them decide what ends. Only the
 * second one acts by itself. */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t caught;
static int wake[2] = { -1, -1 };
/* The process group that dies with us at the second signal; 0: none. */
static volatile sig_atomic_t group;

static const int taken[] = { SIGINT, SIGTERM, SIGHUP };
static const int ignored[] = { SIGPIPE, SIGXFSZ };

static void die_of(int number)
{
    struct sigaction action = { .sa_handler = SIG_DFL };
    sigset_t set;

    sigaction(number, &action, NULL);
    /* Within its handler a signal is blocked, and raise() would wait for its end. */
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(number);
}

static void on_signal(int number)
{
    int saved = errno;

    if (caught != 0) {
        if (group > 0)
            kill(-group, SIGKILL);
        die_of(number);
    }
    caught = number;
    if (write(wake[1], "", 1) < 0) {
        /* The pipe cannot be full: this is its only byte. */
    }
    errno = saved;
}

bool signals_set_up(void)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN }, usual = { .sa_handler = SIG_DFL };
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
    return sigaction(SIGCHLD, &usual, NULL) == 0;
}

void signals_hold(bool hold)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        sigaddset(&set, taken[i]);
    sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

void signals_restore(void)
{
    struct sigaction action = { .sa_handler = SIG_DFL };

    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        sigaction(taken[i], &action, NULL);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        sigaction(ignored[i], &action, NULL);
    signals_hold(false);
}

int signals_fd(void)
{
    return wake[0];
}

void signals_guard_group(int number)
{
    group = number;
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
