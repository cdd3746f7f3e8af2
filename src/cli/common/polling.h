/* Decides when to poll a hub again, and what is reported. */
#ifndef POLLING_H
#define POLLING_H

#include "app.h"

#include <time.h>

/* Set app and interval_ms, and filtered before each polling_next(); the rest is 0. */
struct polling {
    const struct app *app;
    int64_t interval_ms;
    enum c2d_status reported; /* the last reported error of the hub: it is not reported again */
    bool filtered;        /* C2D_AUTH is from a filter, such as a firewall: it may be temporary */
    unsigned failures;    /* consecutive */
    time_t offline_since; /* 0: online */
};

/* True for the 403 of a filter, such as a firewall: it has no error code of a hub. */
bool polling_is_filtered(const struct c2d_error *error);
/* Returns the delay in ms before the next poll, give or take 10 %; -1 if the error is permanent.
 * result is the status of the last poll. hub is the error of the hub that ended it, or C2D_OK.
 * may_be_locked: a response was lost that may have locked a message. Reports when the hub is online
 * again. */
int64_t polling_next(struct polling *polling, enum c2d_status result, enum c2d_status hub,
                     bool may_be_locked);

#endif
