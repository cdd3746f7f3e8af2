/* The commands of c2d-http, one file each. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "../common/app.h"

extern const struct command send_command;
extern const struct command feedback_command;
extern const struct command purge_command;
extern const struct command status_command;

#endif
