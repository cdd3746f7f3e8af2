/* command: the program that runs against the hub, in a process group of its own. */
#ifndef SIM_COMMAND_H
#define SIM_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct command {
    char **argv;   /* NULL: there is no command */
    pid_t pid;     /* also the number of its process group; 0: not running */
    pid_t guard;   /* 0: none */
    int guard_fd;  /* open as long as this process lives; -1: none */
    int terminal;  /* on which the command is in the foreground; -1: none */
    int last_sent; /* signal, and when it was sent */
    int64_t last_sent_ms;
};

/* Forks a process that kills the command's group as soon as this process is gone, whatever ended
 * it. To be called before anything is opened that others wait for. False with errno set. */
bool command_guard(struct command *command);
/* Starts the command. Returns 0 or the errno that says why it cannot be run. */
int command_start(struct command *command);
/* Passes a signal on to the command's group. A repetition within a fifth of a second is not: what
 * signals a process and its group, as timeout(1) does, means one signal. */
void command_signal(struct command *command, int number);
/* To be called on SIGCHLD. True if the command has ended, with the exit code for it. If it was
 * stopped on the terminal, this process stops as well, and both go on together. */
bool command_ended(struct command *command, int *code);
/* Ends what is left of the command's group. */
void command_clear(struct command *command);

#endif
