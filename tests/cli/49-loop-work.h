/* What the three loops of 49-loops.sh have in common: a back end sends one message to each device
 * of a fleet. The devices receive and complete them at the same time, all on one thread. A loop
 * waits for c2d_fd(work.back_end) and for a timer, and calls what is declared here. */
#ifndef LOOP_WORK_H
#define LOOP_WORK_H

#include "c2d.h"

enum {
    TICK_MS = 10,
    IDLE_TICKS = 30, /* how long a loop goes on when all work is done */
};

struct device {
    struct c2d_client *client;
    struct c2d_message message; /* that the back end sends to it; lives until the result */
    bool asks_again;            /* it found no message: the next tick asks again */
};

struct work {
    struct c2d_client *back_end; /* the devices share its connections, and so its descriptor */
    struct device *devices;
    size_t device_count;
    size_t sends_left, messages_left; /* not sent yet, not completed yet */
    bool failed;
    unsigned long operations; /* that c2d_submit() has taken */
    unsigned long calls;      /* of c2d_wait() */
    unsigned long events;     /* of the descriptor */
    unsigned long ticks, busy_ticks;
    unsigned long idle_events, idle_ticks; /* after all work was done */
};

/* Makes the clients and submits the first operations. The arguments are those of the program:
 * CA-FILE CONNECTIONS; stdin has the back end's connection string, then one line for each device.
 * False, and the reason on stderr, on a failure. */
bool work_start(struct work *work, int argc, char **argv);
/* The descriptor is readable. */
void work_on_readable(struct work *work);
/* The timer has fired. False when the loop may end. */
bool work_on_tick(struct work *work);
/* Prints the counts and frees the clients. Returns the exit code. */
int work_end(struct work *work);

#endif
