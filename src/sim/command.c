/* command: the program that runs against the hub, in a process group of its own: it gets each
 * signal once, from the terminal or from us, and nothing of it outlives the hub. */
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

/* Waits until the other end of the pipe is closed. Before that comes the number of the group. */
static void guard(int fd)
{
    static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    pid_t group = 0;
    char byte;

    (void)setsid(); /* neither the terminal nor a signal to the hub's group is for us */
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

/* Makes group the foreground of the terminal, which the kernel lets a background process do only
 * while SIGTTOU is blocked. */
static void give_terminal(int terminal, pid_t group)
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

/* In the child: becomes the command, with signals as this program found them. */
static void become(const struct command *command, const sigset_t *mask, int failure_fd)
{
    static const int caught[] = { SIGCHLD, SIGINT, SIGTERM, SIGHUP };
    struct sigaction action;
    int failure;

    (void)setpgid(0, 0);
    give_terminal(command->terminal, getpid());
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
        (void)close(command->terminal); /* we are in the background, and so is the command */
        command->terminal = -1;
    }
    if (pipe2(fds, O_CLOEXEC) != 0)
        return errno;
    /* No handler of ours may run in the child. */
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, &before);
    command->pid = fork();
    if (command->pid == 0)
        become(command, &before, fds[1]);
    if (command->pid < 0) {
        failure = errno;
        command->pid = 0;
    }
    if (command->pid > 0) {
        (void)setpgid(command->pid, command->pid); /* whoever comes first */
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

/* Stops the group that the terminal thinks this job to be, until somebody continues it. */
static void stop_too(const struct command *command)
{
    give_terminal(command->terminal, getpgrp());
    (void)kill(0, SIGTSTP);
    if (tcgetpgrp(command->terminal) == getpgrp()) /* not after bg */
        give_terminal(command->terminal, command->pid);
    (void)kill(-command->pid, SIGCONT);
}

bool command_ended(struct command *command, int *code)
{
    siginfo_t info = { 0 };

    /* What has ended is left as it is: so nobody else can get the number of its group. */
    if (command->pid == 0
        || waitid(P_PID, (id_t)command->pid, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) != 0
        || info.si_pid == 0)
        return false;
    if (info.si_code == CLD_STOPPED || info.si_code == CLD_TRAPPED) {
        (void)waitid(P_PID, (id_t)command->pid, &info, WSTOPPED | WNOHANG);
        if (command->terminal >= 0)
            stop_too(command);
        return false;
    }
    *code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    return true;
}

void command_clear(struct command *command)
{
    /* First, as it must not kill a group whose number is free again. */
    if (command->guard > 0) {
        (void)kill(command->guard, SIGKILL);
        (void)waitpid(command->guard, NULL, 0);
    }
    if (command->pid > 0) {
        give_terminal(command->terminal, getpgrp());
        (void)kill(-command->pid, SIGKILL);
        (void)waitpid(command->pid, NULL, 0);
    }
    if (command->terminal >= 0)
        (void)close(command->terminal);
    if (command->guard_fd >= 0)
        (void)close(command->guard_fd);
}
