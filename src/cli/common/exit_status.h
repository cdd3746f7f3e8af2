/* The exit codes: the statuses of the library, and those of the programs. Numbers and names are
 * fixed, because scripts use them. */
#ifndef EXIT_STATUS_H
#define EXIT_STATUS_H

#include "c2d.h"

/* They have the type of the library, so that one variable can store both kinds without a cast. */
#define STATUS_PARTIAL ((enum c2d_status)11)     /* some of several failed */
#define STATUS_NEGATIVE ((enum c2d_status)19)    /* the message will not be delivered */
#define STATUS_HANDLER ((enum c2d_status)22)     /* a handler failed */
#define STATUS_LOCKED ((enum c2d_status)26)      /* another instance is running */
#define STATUS_NO_INPUT ((enum c2d_status)66)    /* an input file cannot be read */
#define STATUS_CANT_CREATE ((enum c2d_status)73) /* an output file cannot be created */
#define STATUS_IO ((enum c2d_status)74)          /* output not fully written */

/* Like c2d_status_name(), for both kinds. */
const char *status_name(enum c2d_status status);

#endif
