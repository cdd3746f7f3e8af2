/* A request as a curl command. */
#ifndef DRY_RUN_H
#define DRY_RUN_H

#include "app.h"

/* Prints event's request to stdout: every word single-quoted, so that it is safe to paste; the
 * token is masked already. */
void dry_run_print(struct app *app, const struct c2d_event *event);

#endif
