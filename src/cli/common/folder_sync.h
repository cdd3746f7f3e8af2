/* Puts the names in a folder on the disk: a new name, too, must survive a power cut, not only what
 * its file holds. Some file systems cannot sync a folder, and some folders may not be opened for
 * it. There the whole file system is synced instead, and one warning says so. */
#ifndef FOLDER_SYNC_H
#define FOLDER_SYNC_H

#include "app.h"

/* Syncs folder, an open descriptor. path names it in the warning. False with errno set. */
bool folder_sync(const struct app *app, int folder, const char *path);
/* Syncs the folder that path lies in. file is the open file at path. False with errno set. */
bool folder_sync_parent(const struct app *app, const char *path, int file);

#endif
