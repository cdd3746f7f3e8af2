/* What a failing hub does to many operations at once: they pause, and one attempt at a time, the
 * probe, finds out whether the hub works again. A pure state: it starts and stops nothing. */
#ifndef PAUSE_H
#define PAUSE_H

#include "observe.h"

struct pause {
    int64_t max_ms;       /* the longest pause; 0: there is none, ever */
    bool is_active;       /* since a failure, no response has shown that the hub works */
    bool throttles;       /* the last failure was a 429 */
    int64_t since_ms;     /* the first failure, later by the time in which nothing waited */
    int64_t idle_from_ms; /* nothing has waited since; 0: something does */
    int64_t probe_ms;     /* when the next probe may start */
    int64_t delay_ms;     /* the back-off before it */
    bool has_warned[2];   /* of a hub that fails, of one that throttles */
};

/* What an attempt failed with, and whether it was the probe. */
struct pause_failure {
    const struct c2d_error *error;
    bool is_probe;
    int64_t now_ms;
    uint64_t random; /* any 64 bits */
};

/* Begins the pause, or prolongs it. Warns once that the hub throttles, and once that a probe has
 * failed. */
void pause_note_failure(struct pause *pause, const struct pause_failure *failure,
                        const struct observe *observe);
/* A response came that is no failure of the hub, to the probe or to another attempt: the hub works,
 * and the pause ends. While it throttles, only the probe's response shows that it takes more. */
void pause_note_response(struct pause *pause, bool is_probe);
/* Is it time to give up? */
bool pause_is_over(const struct pause *pause, int64_t now_ms);

#endif
