/* The options of send --batch. */
#ifndef BATCH_SETTINGS_H
#define BATCH_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

struct batch_settings {
    const char *file;      /* "-": stdin */
    const char *device_id; /* for lines without a deviceId; NULL: no default */
    const char *journal;   /* NULL: no journal */
    bool no_lock;          /* do not lock the journal */
    int64_t parallel;
    const char *rate; /* "N/s" or "N/m"; NULL: no limit */
};

#endif
