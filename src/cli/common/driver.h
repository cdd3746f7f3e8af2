/* The main function of both programs. */
#ifndef DRIVER_H
#define DRIVER_H

#include "app.h"

/* Parses argv, runs the command and returns the exit code. If a signal was caught, ends the process
 * by that signal instead. */
int driver_main(const struct program *program, char **argv);

#endif
