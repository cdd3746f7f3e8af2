/* Reads the lines of a batch into its queue. */
#ifndef BATCH_FILL_H
#define BATCH_FILL_H

#include "batch_state.h"

/* Reads lines while the queue has room and input is available. Blocks only if no request is in
 * flight and no line is ready. */
void batch_fill(struct batch *batch);

#endif
