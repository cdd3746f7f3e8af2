/* The frame of a program, for targets that call parts of one. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "cli/common/app.h"

/* Its errors go to app.held; warnings are not printed. */
extern const struct app program_app;

/* Checks the last error as a program writes it with -j, and forgets it. */
void program_check_error(enum c2d_status status);

#endif
