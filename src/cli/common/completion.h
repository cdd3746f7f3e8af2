/* The command "completion" of both programs: prints a completion script for a shell. */
#ifndef COMPLETION_H
#define COMPLETION_H

#include "app.h"

extern const struct command completion_command;

#endif
