/* send --batch: reads messages as JSON Lines, sends them, and prints the results as JSON Lines. */
#ifndef BATCH_H
#define BATCH_H

#include "../common/app.h"

struct batch_settings {
    const char *file;      /* "-": stdin */
    const char *device_id; /* for lines without a deviceId; NULL: no default */
    const char *journal;   /* NULL: no journal */
    bool no_lock;          /* do not lock the journal */
    int64_t parallel;
    const char *rate; /* "N/s" or "N/m"; NULL: no limit */
};

/* Sends all lines of the file. Opens the session itself: app must not have a client yet. */
enum c2d_status batch_run(struct app *app, const struct batch_settings *settings);

#endif
