/* send --batch: reads messages as JSON Lines, sends them, and prints the results as JSON Lines. */
#ifndef BATCH_H
#define BATCH_H

#include "../common/app.h"
#include "batch_settings.h"

/* Sends all lines of the file. Opens the session itself: app must not have a client yet. */
enum c2d_status batch_run(struct app *app, const struct batch_settings *settings,
                          struct c2d_error *error);

#endif
