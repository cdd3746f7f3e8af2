/* INT, TERM and HUP: the first asks to stop, the second ends the program at once. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <stdbool.h>

/* Takes the three signals unless they were ignored at start, and ignores PIPE and XFSZ: what they
 * announce is seen as an error of write(2). False when the system refuses. */
bool signals_set_up(void);
/* Readable once one has come. */
int signals_fd(void);
/* The process group that a second signal kills first; 0: none. */
void signals_guard_group(int group);
/* The signal that came first, or 0. */
int signals_caught(void);
/* Keeps the three from coming, while there are two of us between fork and exec. */
void signals_hold(bool hold);
/* In a child before exec: every signal that is known here does what it does by default, and
 * comes. */
void signals_restore(void);
/* Ends the program by that signal, as if it had not been taken. */
void signals_raise(void);

#endif
