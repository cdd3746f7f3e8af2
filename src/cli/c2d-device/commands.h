/* The commands of c2d-device, one file each. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "../common/app.h"

extern const struct command receive_command;
extern const struct command poll_command;
extern const struct command complete_command;
extern const struct command abandon_command;
extern const struct command reject_command;

#endif
