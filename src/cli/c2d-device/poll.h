/* Draining for ever, at intervals. */
#ifndef POLL_H
#define POLL_H

#include "drain.h"

/* Ends with a signal, when the reader of stdout is gone, or with a status that asking again cannot
 * mend. */
enum c2d_status poll_for_ever(struct drain *drain, int64_t interval_ms);

#endif
