/* One kept message as a file. */
#ifndef SPOOL_FILE_H
#define SPOOL_FILE_H

#include "c2d.h"

/* The message that the file holds; NULL with *status when there is none: C2D_IO with errno set,
 * C2D_DATA, C2D_OS. */
struct c2d_message *spool_load(int folder, const char *name, enum c2d_status *status);
/* Moves the file name in from, which holds message, into the folder to, where it is called base or
 * numbered behind it: nothing that is there is replaced. Where the same body is kept already under
 * one of these names, *known is true and the file stays; message NULL: that is not asked. The
 * folder is on the disk afterwards. False with errno set, and then nothing has been moved. */
bool spool_move(int from, const char *name, int to, const char *base,
                const struct c2d_message *message, bool *known);

#endif
