/* The command "sas" of both programs: prints a token, or decodes one. */
#ifndef CLI_SAS_H
#define CLI_SAS_H

#include "app.h"

extern const struct command sas_service_command; /* for the hub, or one device */
extern const struct command sas_device_command;  /* for the device itself */

#endif
