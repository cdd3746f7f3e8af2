/* Prints a request as a curl command. */
#ifndef DRY_RUN_H
#define DRY_RUN_H

#include "app.h"

/* Called before the first request. Stores the connection options in app->dry_run_options. Reports
 * C2D_OS. */
enum c2d_status dry_run_note(struct app *app, const struct c2d_options *options);
/* Prints the request of event to stdout. Every word is single-quoted and safe to paste.
 * Placeholders replace the token and the user and password of a proxy. */
void dry_run_print(struct app *app, const struct c2d_event *event);

#endif
