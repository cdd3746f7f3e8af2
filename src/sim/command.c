/* The command has its own process group, for two reasons: it gets each signal once, from the
 * terminal or from this process, and all its processes can be killed when the hub ends. */
#define _GNU_SOURCE /* pipe2 */
#include "command.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { REPETITION_MS = 200 };

static int64_t now_ms(void)
{
    struct timespec now = { 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads the number of the command's group, waits until the other end of the pipe is closed, and
 * kills the group. */
static void guard(int fd)
{
    static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    pid_t group = 0;
    char byte;

    (void)setsid(); /* no signals from the terminal, or to the hub's group */
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        (void)signal(ignored[i], SIG_IGN);
    if (read(fd, &group, sizeof group) == (ssize_t)sizeof group)
        while (read(fd, &byte, 1) > 0)
            ;
    if (group > 0)
        (void)kill(-group, SIGKILL);
    _exit(EXIT_OK);
}

bool command_guard(struct command *command)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) != 0)
        return false;
    command->guard = fork();
    if (command->guard == 0) {
        (void)close(fds[1]);
        guard(fds[0]);
    }
    (void)close(fds[0]);
    command->guard_fd = fds[1];
    return command->guard > 0;
}

/* Makes group the foreground group of the terminal. A background process may do this only while
 * SIGTTOU is blocked. */
static void set_foreground(int terminal, pid_t group)
{
    sigset_t blocked;
    sigset_t before;

    if (terminal < 0)
        return;
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGTTOU);
    (void)sigprocmask(SIG_BLOCK, &blocked, &before);
    (void)tcsetpgrp(terminal, group);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
}

/* In the child: restores the signals of this program's start, and executes the command. */
static void exec_command(const struct command *command, const sigset_t *mask, int failure_fd)
{
    static const int caught[] = { SIGCHLD, SIGINT, SIGTERM, SIGHUP };
    struct sigaction action;
    int failure;

    (void)setpgid(0, 0);
    set_foreground(command->terminal, getpid());
    for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++)
        if (sigaction(caught[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            (void)signal(caught[i], SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
    (void)execvp(command->argv[0], command->argv);
    failure = errno;
    (void)!write(failure_fd, &failure, sizeof failure);
    _exit(EXIT_OS);
}

int command_start(struct command *command)
{
    sigset_t all;
    sigset_t before;
    int fds[2];
    int failure = 0;

    command->terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (command->terminal >= 0 && tcgetpgrp(command->terminal) != getpgrp()) {
        (void)close(command->terminal); /* in the background: the command, too */
        command->terminal = -1;
    }
    if (pipe2(fds, O_CLOEXEC) != 0)
        return errno;
    /* This program's signal handlers must not run in the child. */
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, &before);
    command->pid = fork();
    if (command->pid == 0)
        exec_command(command, &before, fds[1]);
    if (command->pid < 0) {
        failure = errno;
        command->pid = 0;
    }
    if (command->pid > 0) {
        (void)setpgid(command->pid, command->pid); /* in the child, too: either may be first */
        (void)!write(command->guard_fd, &command->pid, sizeof command->pid);
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    (void)close(fds[1]);
    if (command->pid > 0 && read(fds[0], &failure, sizeof failure) != (ssize_t)sizeof failure)
        failure = 0;
    (void)close(fds[0]);
    return failure;
}

void command_signal(struct command *command, int number)
{
    int64_t now = now_ms();

    if (number != command->last_sent || now - command->last_sent_ms >= REPETITION_MS)
        (void)kill(-command->pid, number);
    command->last_sent = number;
    command->last_sent_ms = now;
}

/* Stops the group of this process, which is the job for the shell, until it is continued. */
static void stop_job(const struct command *command)
{
    set_foreground(command->terminal, getpgrp());
    (void)kill(0, SIGTSTP);
    if (tcgetpgrp(command->terminal) == getpgrp()) /* not if continued by bg */
        set_foreground(command->terminal, command->pid);
    (void)kill(-command->pid, SIGCONT);
}

bool command_ended(struct command *command, int *code)
{
    siginfo_t info = { 0 };

    /* WNOWAIT leaves a zombie, so that the number of its group is not reused. */
    if (command->pid == 0
        || waitid(P_PID, (id_t)command->pid, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) != 0
        || info.si_pid == 0)
        return false;
    if (info.si_code == CLD_STOPPED || info.si_code == CLD_TRAPPED) {
        (void)waitid(P_PID, (id_t)command->pid, &info, WSTOPPED | WNOHANG);
        if (command->terminal >= 0)
            stop_job(command);
        return false;
    }
    *code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    return true;
}

void command_clear(struct command *command)
{
    /* The guard first: after waitpid() for the command, its group's number may be reused. */
    if (command->guard > 0) {
        (void)kill(command->guard, SIGKILL);
        (void)waitpid(command->guard, NULL, 0);
    }
    if (command->pid > 0) {
        set_foreground(command->terminal, getpgrp());
        (void)kill(-command->pid, SIGKILL);
        (void)waitpid(command->pid, NULL, 0);
    }
    if (command->terminal >= 0)
        (void)close(command->terminal);
    if (command->guard_fd >= 0)
        (void)close(command->guard_fd);
}
