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
    char owner[17];                /* hub and device: what the names of our files begin with */
};

/* Makes what is missing of the folders, mode 700; sweeps: removes what an earlier run of ours, now
 * dead, has left unfinished. Reports C2D_CANT_CREATE. */
enum c2d_status spool_open(struct spool *spool, const struct app *app, const char *path,
                           bool sweeps);
/* A drain_deal() whose context is the spool: keeps message on the disk. */
struct dealt spool_keep(void *spool, const struct c2d_message *message, long long number);
/* A drain.follow whose context is the spool: runs its handler for each message of this device that
 * is kept, the oldest first; what is done leaves the folder. */
enum c2d_status spool_handle(const struct drain *drain);
void spool_close(struct spool *spool);

#endif
