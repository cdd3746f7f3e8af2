/* The disposition of a received message. */
#ifndef DISPOSITION_H
#define DISPOSITION_H

#include "c2d.h"

enum disposition_kind {
    DISPOSITION_COMPLETE, /* complete: it is stored or processed, and leaves the queue */
    DISPOSITION_REJECT,   /* reject: it leaves the queue, and the sender gets negative feedback */
    DISPOSITION_ABANDON,  /* abandon at the end of the drain; the hub counts the delivery */
    DISPOSITION_LEAVE,    /* no settlement: the hub delivers it again after its lock expiry */
    DISPOSITION_STOP,     /* as DISPOSITION_LEAVE; also ends the drain */
};

/* The result of processing one message. */
struct disposition {
    enum disposition_kind kind;
    enum c2d_status status; /* the exit code that it causes; C2D_OK: none */
    int handler_exit;       /* as in a shell: 128 + signal; -1: no handler was run */
    int64_t ms;             /* run time of the handler */
};

#endif
