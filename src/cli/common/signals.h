/* Handles INT, TERM and HUP: the first requests a stop, the second ends the program at once. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <stdbool.h>

/* Handles the three signals unless they were ignored at start, and unblocks them. Ignores PIPE and
 * XFSZ: write(2) returns an error instead. From then on, ended children are collected unless they
 * are guarded. Returns false on failure. */
bool signals_set_up(void);
/* Returns a descriptor that is readable after a signal. */
int signals_fd(void);
/* Guards a child that the caller collects with waitpid(); 0: none. A second signal first kills its
 * process group. Call it before signals_block(false) after a fork(). */
void signals_guard_child(int pid);
/* Returns the first signal, or 0. */
int signals_caught(void);
/* Blocks the handled signals from before a fork() until the child is guarded. */
void signals_block(bool hold);
/* Called in a child before exec(): resets all signals to their default and unblocks them. */
void signals_restore(void);
/* Ends the program by the caught signal. If the system ignores it, exits with its exit code. */
void signals_raise(void);

#endif
