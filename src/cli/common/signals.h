/* INT, TERM and HUP: the first asks to stop, the second ends the program at once. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <stdbool.h>

/* Takes the three signals unless they were ignored at start, unblocks them, and ignores PIPE and
 * XFSZ: what they announce is seen as an error of write(2). Children that nobody waits for are
 * collected from then on. False when the system refuses. */
bool signals_set_up(void);
/* Readable once one has come. */
int signals_fd(void);
/* The child that the caller waits for itself, with waitpid(), and whose process group a second
 * signal kills first; 0: none. To be called before signals_block(false) after a fork(). */
void signals_guard_child(int pid);
/* The signal that came first, or 0. */
int signals_caught(void);
/* Blocks the handled signals, from before a fork() until its child is guarded. */
void signals_block(bool hold);
/* In a child before exec: every signal has its default action, and none is blocked. */
void signals_restore(void);
/* Ends the program by that signal, as if it had not been taken; where the system spares us, with
 * its exit code. */
void signals_raise(void);

#endif
