/* A request as a curl command. */
#ifndef DRY_RUN_H
#define DRY_RUN_H

#include "app.h"

/* Before the first request: notes how the hub is reached, in app->dry_run_options. Reports
 * C2D_OS. */
enum c2d_status dry_run_note(struct app *app, const struct c2d_options *options);
/* Prints event's request to stdout: every word single-quoted, so that it is safe to paste. In the
 * place of the token and of a proxy's user and password it says what belongs there. */
void dry_run_print(struct app *app, const struct c2d_event *event);

#endif
