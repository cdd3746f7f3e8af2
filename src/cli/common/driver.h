/* The way in and out that both programs share. */
#ifndef DRIVER_H
#define DRIVER_H

#include "app.h"

/* Parses argv, runs the command that it names and returns the exit code; ends by a signal that was
 * caught instead. */
int driver_main(const struct program *program, char **argv);

#endif
