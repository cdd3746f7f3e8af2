/* Syncs the names in a folder to disk: a new file must survive a power cut with its name, too. Some
 * file systems cannot sync a folder, and some folders cannot be opened. Then the whole file system
 * is synced, with one warning. */
#ifndef FOLDER_SYNC_H
#define FOLDER_SYNC_H

#include "app.h"

/* Syncs folder, an open descriptor. path is its name in the warning. Returns false with errno
 * set. */
bool folder_sync(const struct app *app, int folder, const char *path);
/* Syncs the parent folder of path. file is the open file at path. Returns false with errno set. */
bool folder_sync_parent(const struct app *app, const char *path, int file);

#endif
