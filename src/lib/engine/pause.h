/* The pause of all operations while the hub fails. One attempt at a time, the probe, finds out
 * whether it works again. This module only keeps the state; schedule.c applies it. */
#ifndef PAUSE_H
#define PAUSE_H

#include "observe.h"

struct pause {
    int64_t max_ms;       /* the longest pause (options.patience_ms); 0: never pause */
    bool is_active;       /* no response has shown yet that the hub works again */
    bool throttles;       /* the last failure was a 429 */
    int64_t since_ms;     /* time of the first failure, plus the time without pending calls */
    int64_t idle_from_ms; /* no call has been pending since; 0: some are */
    int64_t probe_ms;     /* when the next probe may start */
    int64_t delay_ms;     /* the back-off before it */
    bool has_warned[2];   /* of a hub that fails, of one that throttles */
};

/* A failed attempt. */
struct pause_failure {
    const struct c2d_error *error;
    bool is_probe;
    int64_t now_ms;
    uint64_t random; /* any 64 bits */
};

/* Starts or extends the pause. Warns once that the hub throttles, and once that a probe has failed.
 */
void pause_note_failure(struct pause *pause, const struct pause_failure *failure,
                        const struct observe *observe);
/* Ends the pause after a response that is not a failure of the hub. While the hub throttles, only
 * the response to the probe ends it. */
void pause_note_response(struct pause *pause, bool is_probe);
/* True if the pause has lasted for max_ms. */
bool pause_is_over(const struct pause *pause, int64_t now_ms);

#endif
