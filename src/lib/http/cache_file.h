/* Small secret files in a folder that only this user can access. They are a cache: if a file is
 * missing or unusable, nothing fails. */
#ifndef CACHE_FILE_H
#define CACHE_FILE_H

#include "base/buf.h"
#include "c2d.h"

/* Creates dir (0700) if it is missing. Returns C2D_CONFIG unless it is a folder, not a link, that
 * belongs to this user and that no other user can access. */
enum c2d_status cache_file_check_dir(const char *dir, struct c2d_error *error);

/* These check dir, and the file, again. */
bool cache_file_read(const char *dir, const char *name, struct buf *data, struct c2d_error *error);
/* Atomic: readers see the old file or the new one. */
bool cache_file_write(const char *dir, const char *name, const struct buf *data,
                      struct c2d_error *error);
void cache_file_remove(const char *dir, const char *name);
/* Removes files named by tls_cache_init(), and their temporary files, that were written before
 * oldest_s. Also those written after latest_s: the clock was set back since. */
void cache_file_remove_old(const char *dir, int64_t oldest_s, int64_t latest_s);

#endif
