/* The command "doctor" of both programs: checks the way to the hub, step by step. */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "app.h"

extern const struct command doctor_command;

#endif
