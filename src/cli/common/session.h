/* Creates the client of the library from the common options, and prints its events. */
#ifndef SESSION_H
#define SESSION_H

#include "app.h"

/* What a command needs. Zeroed: one request after the other. */
struct session_needs {
    int parallel;        /* requests in flight; 0: 1 */
    int patience_ms;     /* see c2d_options.patience_ms */
    bool retry_budget;   /* for a command without an end: retries less while the hub fails */
    bool dry_run_silent; /* see struct dry_run */
    const char *body;    /* likewise */
};

/* Creates app->client. needs may be NULL. Call it after all other checks, so that -n and real runs
 * fail alike. */
enum c2d_status session_open(struct app *app, const struct session_needs *needs,
                             struct c2d_error *error);
/* Frees the client and closes the trace. Returns STATUS_IO if the trace is incomplete. app->client
 * may be NULL. */
enum c2d_status session_close(struct app *app, struct c2d_error *error);

#endif
