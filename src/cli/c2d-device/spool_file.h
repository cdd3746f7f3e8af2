/* A stored message as a file. */
#ifndef SPOOL_FILE_H
#define SPOOL_FILE_H

#include "../common/app.h"

/* Returns the message in a file, which the caller frees. NULL with *status: STATUS_IO with errno
 * set, C2D_DATA or C2D_OS. */
struct c2d_message *spool_file_load(int folder, const char *name, enum c2d_status *status);
/* A name in an open folder. */
struct spool_place {
    int folder;
    const char *name;
};

enum spool_moved {
    SPOOL_NOT_MOVED, /* errno says why */
    SPOOL_MOVED,
    SPOOL_KNOWN, /* a file with the same message exists: the source was not moved */
};

/* Moves the file at from, which contains message, to the place to. If that name exists, a numbered
 * name is used: no file is replaced. If message is NULL, existing files are not compared with it.
 * The folder of to is synced. If that fails, the file is moved back, or stays if that fails too.
 * The file is never removed. path is the path of the spool, for warnings. */
enum spool_moved spool_file_move(const struct app *app, const char *path,
                                 const struct spool_place *from, const struct spool_place *to,
                                 const struct c2d_message *message);

#endif
