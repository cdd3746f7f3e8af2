/* What the programs end with: the library's statuses, and these of their own. The numbers and the
 * names are fixed: scripts read them. */
#ifndef EXIT_STATUS_H
#define EXIT_STATUS_H

#include "c2d.h"

/* Of the library's type, so that a variable holds either kind: numbers of another enum would need
 * a cast wherever the two meet. */
#define STATUS_PARTIAL ((enum c2d_status)11)     /* some of several failed */
#define STATUS_NEGATIVE ((enum c2d_status)19)    /* the message will not be delivered */
#define STATUS_HANDLER ((enum c2d_status)22)     /* a handler failed */
#define STATUS_LOCKED ((enum c2d_status)26)      /* another instance is at work */
#define STATUS_NO_INPUT ((enum c2d_status)66)    /* an input file cannot be read */
#define STATUS_CANT_CREATE ((enum c2d_status)73) /* an output file cannot be made */
#define STATUS_IO ((enum c2d_status)74)          /* output not fully written */

/* c2d_status_name() for both kinds. */
const char *status_name(enum c2d_status status);

#endif
