/* A folder that stores messages, one per file, so that the hub can remove them. It is for handlers
 * slower than a lock, and for machines that must not lose a received message. */
#ifndef SPOOL_H
#define SPOOL_H

#include "../common/app.h"
#include "drain.h"
#include "handler.h"

struct spool {
    const struct app *app;
    const char *path;
    const struct handler *handler; /* NULL: another program empties the folder */
    int tmp, kept, failed;         /* folders below path; kept is "new" */
    int lock;                      /* -1: none */
    char owner[17];                /* hash of hub and device; prefix of our file names */
};

/* Creates missing folders with mode 700 and opens them. The descriptors must be -1 before. With
 * locks, it excludes other instances and removes unfinished files of earlier runs. It refuses
 * folders of users other than this one and root, and world-writable folders. Returns
 * STATUS_CANT_CREATE, C2D_OS and STATUS_LOCKED. */
enum c2d_status spool_open(struct spool *spool, const struct app *app, const char *path, bool locks,
                           struct c2d_error *error);
/* A drain_process function whose context is the spool. Stores message on the disk. */
struct disposition spool_keep(void *spool, const struct c2d_message *message, long long number,
                              int64_t deadline_ms);
/* A drain.follow whose context is the spool. Runs the handler for each stored message of this
 * device, oldest first. A handled message leaves the folder. If its completion is in doubt, it
 * waits for a later drain: the hub may deliver it again, and it would be handled twice. */
enum c2d_status spool_handle(struct drain *drain);
void spool_close(struct spool *spool);

#endif
