/* A folder in which messages are kept, so that the hub may forget them: for handlers slower than a
 * lock, and for machines that must not lose what they took. A file stands for one message. */
#ifndef SPOOL_H
#define SPOOL_H

#include "../common/app.h"
#include "drain.h"
#include "handler.h"

struct spool {
    const struct app *app;
    const char *path;
    const struct handler *handler; /* NULL: somebody else empties the folder */
    int tmp, kept, failed;         /* the folders below path; kept is called "new" */
    int lock;                      /* -1: none */
    char owner[17];                /* hub and device: what the names of our files begin with */
};

/* Makes what is missing of the folders, mode 700; the descriptors are -1 before. locks: keeps
 * others out, and removes what an earlier run, now dead, has left unfinished. Refuses folders of
 * another user than us and root, and those that everybody may write to. Reports STATUS_CANT_CREATE,
 * C2D_OS and STATUS_LOCKED. */
enum c2d_status spool_open(struct spool *spool, const struct app *app, const char *path,
                           bool locks);
/* A drain_deal() whose context is the spool: keeps message on the disk. */
struct dealt spool_keep(void *spool, const struct c2d_message *message, long long number,
                        int64_t deadline_ms);
/* A drain.follow whose context is the spool: runs its handler for each message of this device
 * that is kept, the oldest first; what is done leaves the folder. One that the hub may not have
 * forgotten waits for the next drain: it would be kept, and handled, again. */
enum c2d_status spool_handle(struct drain *drain);
void spool_close(struct spool *spool);

#endif
