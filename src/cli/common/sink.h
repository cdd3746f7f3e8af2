/* Where results are made safe before they are settled: stdout or a file. */
#ifndef SINK_H
#define SINK_H

#include "app.h"

#include <sys/types.h>

/* What the lock on a file that is opened with -o is for. */
enum sink_use {
    SINK_SHARED,   /* taken for each record: others write there, too */
    SINK_COLLECTS, /* one collector a file, for as long as it is open */
    SINK_WAITS,    /* reads what a collector writes, and does its work while there is none */
    SINK_UNLOCKED, /* none is taken: --no-lock */
};

struct sink {
    const char *name; /* for errors */
    int fd;
    bool is_file; /* regular: synced */
    bool is_pipe; /* its reader is waited for */
    bool is_ours; /* opened with -o */
    bool heals;   /* a torn last line of ours is cut off before the first record */
    enum sink_use use;
};

/* Opens path for appending, made with mode 600 where it is new; NULL is stdout. heals: what is
 * written are JSON lines. Reports C2D_CANT_CREATE, and C2D_LOCKED where another one collects into
 * what this one is to collect into. C2D_IO where a lock is needed and the file system has none. */
enum c2d_status sink_open(struct sink *sink, const struct app *app, const char *path, bool heals,
                          enum sink_use use);
/* Before each batch of a queue whose records go there: C2D_OK when it is this sink's to read.
 * C2D_LOCKED, not reported, while another one does. */
enum c2d_status sink_hold(const struct sink *sink, const struct app *app);
/* Does the name still lead to the file that is open? It does not once that was rotated away. */
bool sink_is_current(const struct sink *sink);
/* Opens what the name leads to now; what was locked is locked there. */
enum c2d_status sink_reopen(struct sink *sink, const struct app *app);
/* Behind the last newline of a file; -1 with errno set when it cannot be read. */
off_t sink_end(int fd);
/* Writes data whole and makes it as safe as can be known: a file is on the disk, a pipe's reader
 * has taken it. deadline_ms (of monotonic_ms()) bounds every wait. On failure, which is reported
 * unless it is a signal, what was written of it is undone where that is possible. */
enum c2d_status sink_put(struct sink *sink, const struct app *app, const void *data, size_t size,
                         int64_t deadline_ms);
void sink_close(struct sink *sink);

#endif
