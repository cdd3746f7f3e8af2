/* The frame of a program, for targets that call parts of one. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "cli/common/app.h"

/* Its warnings are not printed. */
extern const struct app program_app;

/* Checks an error as a program writes it with -j. */
void program_check_error(const struct c2d_error *error);

#endif
