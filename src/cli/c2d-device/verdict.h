/* What becomes of a message that was received. */
#ifndef VERDICT_H
#define VERDICT_H

enum verdict {
    VERDICT_COMPLETE, /* it is safe, or done: gone from the hub */
    VERDICT_REJECT,   /* gone, and its sender is told so */
    VERDICT_ABANDON,  /* back into the queue, counted, but only at the end of the drain */
    VERDICT_LEAVE,    /* its lock lapses and it comes again, uncounted */
    VERDICT_STOP,     /* the same, and nothing more is received */
};

#endif
