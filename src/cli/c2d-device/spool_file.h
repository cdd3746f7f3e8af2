/* One kept message as a file. */
#ifndef SPOOL_FILE_H
#define SPOOL_FILE_H

#include "../common/app.h"

/* The message that the file holds; NULL with *status when there is none: STATUS_IO with errno set,
 * C2D_DATA, C2D_OS. */
struct c2d_message *spool_load(int folder, const char *name, enum c2d_status *status);
/* A name in an open folder. */
struct spool_place {
    int folder;
    const char *name;
};

enum spool_moved {
    SPOOL_NOT_MOVED, /* errno says why */
    SPOOL_MOVED,
    SPOOL_KNOWN, /* the same message has the new name already: the file stays where it was */
};

/* Moves the file at from, which holds message, to the place to, or to a numbered name beside it:
 * nothing that is there is replaced. message NULL: it is not compared with what is there. The
 * folder of to is on the disk afterwards. If that fails the file is moved back; if that fails, too,
 * it stays at its new place. It is never removed. path is the spool's, for what is reported. */
enum spool_moved spool_move(const struct app *app, const char *path, const struct spool_place *from,
                            const struct spool_place *to, const struct c2d_message *message);

#endif
