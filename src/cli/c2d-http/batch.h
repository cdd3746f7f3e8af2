/* send --batch: JSON Lines in, JSON Lines out. */
#ifndef BATCH_H
#define BATCH_H

#include "../common/app.h"

struct batch_settings {
    const char *file;      /* "-": stdin */
    const char *device_id; /* of lines that name none; NULL: there is none */
    const char *journal;   /* NULL: none */
    bool no_lock;          /* the journal is not locked */
    int64_t parallel;
    const char *rate; /* "N/s" or "N/m"; NULL: no limit */
};

/* Sends all lines of the file; app has no client yet. */
enum c2d_status batch_run(struct app *app, const struct batch_settings *settings);

#endif
