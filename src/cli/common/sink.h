/* Where results are made safe before they are settled: stdout or a file. */
#ifndef SINK_H
#define SINK_H

#include "app.h"

struct sink {
    const char *name; /* for errors */
    int fd;
    bool is_file;   /* regular: synced */
    bool is_pipe;   /* its reader is waited for */
    bool is_ours;   /* opened with -o */
    bool exclusive; /* locked for as long as it is open, else for each record */
    bool heals;     /* a torn last line of ours is cut off before the first record */
};

/* Opens path for appending, made with mode 600 where it is new; NULL is stdout. heals: what is
 * written are JSON lines. Reports C2D_CANT_CREATE, and C2D_LOCKED where exclusive is asked for and
 * another one holds the file. */
enum c2d_status sink_open(struct sink *sink, const struct app *app, const char *path, bool heals,
                          bool exclusive);
/* Writes data whole and makes it as safe as can be known: a file is on the disk, a pipe's reader
 * has taken it. deadline_ms (of monotonic_ms()) bounds every wait. On failure, which is reported
 * unless it is a signal, what was written of it is undone where that is possible. */
enum c2d_status sink_put(struct sink *sink, const struct app *app, const void *data, size_t size,
                         int64_t deadline_ms);
void sink_close(struct sink *sink);

#endif
