/* The command that runs against the hub, in its own process group. */
#ifndef SIM_COMMAND_H
#define SIM_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct command {
    char **argv;   /* NULL: no command */
    pid_t pid;     /* also the number of its process group; 0: not running */
    pid_t guard;   /* 0: none */
    int guard_fd;  /* closed when this process ends; -1: none */
    int terminal;  /* in whose foreground the command runs; -1: none */
    int last_sent; /* the last signal, and when it was passed on */
    int64_t last_sent_ms;
};

/* Forks a process that kills the command's group when this process has ended, also by SIGKILL. Call
 * it before other descriptors are opened: it would keep them open. False with errno set. */
bool command_guard(struct command *command);
/* Starts the command. Returns 0, or the errno of the failure. */
int command_start(struct command *command);
/* Passes a signal on to the command's group. Drops a repetition within 200 ms: a sender that
 * signals a process and then its group, as timeout(1) does, means one signal. */
void command_signal(struct command *command, int number);
/* Call it on SIGCHLD. True if the command has ended; code is then the exit code. If the command was
 * stopped on the terminal, stops this process too, and later continues the command. */
bool command_ended(struct command *command, int *code);
/* Kills the rest of the command's group, and ends the guard. */
void command_clear(struct command *command);

#endif
