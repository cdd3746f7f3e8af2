/* What becomes of a message that was received. */
#ifndef VERDICT_H
#define VERDICT_H

#include "c2d.h"

enum verdict {
    VERDICT_COMPLETE, /* it is safe, or done: gone from the hub */
    VERDICT_REJECT,   /* gone, and its sender is told so */
    VERDICT_ABANDON,  /* back into the queue, counted, but only at the end of the drain */
    VERDICT_LEAVE,    /* its lock lapses and it comes again, uncounted */
    VERDICT_STOP,     /* the same, and nothing more is received */
};

/* What dealing with one message has led to. */
struct dealt {
    enum verdict verdict;
    enum c2d_status status; /* what the program exits with because of it; C2D_OK: no reason */
    int handler_exit;       /* as a shell would tell it: 128 + signal; -1: no handler has run */
    int64_t ms;
};

#endif
