/* Asking a hub for ever: which trouble passes, when to ask again, and what is said of it. */
#ifndef POLLING_H
#define POLLING_H

#include "app.h"

#include <time.h>

/* Start with app and interval_ms; the rest is 0. */
struct polling {
    const struct app *app;
    int64_t interval_ms;
    enum c2d_status reported; /* trouble that was reported before: not to be told again */
    bool filtered;        /* C2D_AUTH is of a filter on the way, not of the hub: that may pass */
    unsigned failures;    /* in a row */
    time_t offline_since; /* 0: the hub answers */
};

/* True for the 403 of a filter on the way: it carries no code of a hub. */
bool polling_is_filtered(const struct c2d_error *error);
/* When to ask again after a round with that result, in milliseconds from now, give or take 10 %;
 * -1: never, as asking again cannot mend it. hub says why the hub could not be asked to the end;
 * may_be_locked, that an answer was lost which may have locked something for a minute. Tells when
 * the hub answers again. */
int64_t polling_next(struct polling *polling, enum c2d_status result, enum c2d_status hub,
                     bool may_be_locked);

#endif
