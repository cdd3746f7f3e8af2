/* The exit codes: the statuses of the library, and those of the programs; and what each means for a
 * run. Numbers and names are fixed, because scripts use them. */
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
/* True for success and for errors that may pass: of the hub, the network or a handler. Any other
 * status ends polling. */
bool status_is_temporary(enum c2d_status status);
/* True if the next item of the same command would fail for the same reason: output, memory,
 * credentials, trust. True for a signal as well. */
bool status_ends_run(enum c2d_status status);
/* Returns that one of two statuses which becomes the exit code. */
enum c2d_status worse(enum c2d_status first, enum c2d_status second);

#endif
