/* Prints a request as a curl command. */
#ifndef DRY_RUN_H
#define DRY_RUN_H

#include "app.h"

/* Called before the first request. Stores the connection options, until dry_run_end(). Returns
 * C2D_OS. */
enum c2d_status dry_run_begin(struct app *app, const struct c2d_options *options,
                              struct c2d_error *error);
/* Prints the request of event to stdout. Every word is single-quoted and safe to paste.
 * Placeholders replace the token and the user and password of a proxy. */
void dry_run_print(struct app *app, const struct c2d_event *event);
void dry_run_end(struct app *app);

#endif
