/* Small secret files in a folder that is ours alone. They are a cache: one that is not there, or
 * not as it should be, is no failure of anything. */
#ifndef CACHE_FILE_H
#define CACHE_FILE_H

#include "base/buf.h"
#include "c2d.h"

/* Makes dir (0700) where it is missing. C2D_CONFIG unless it can be used: it must be no link, our
 * own, and nobody else's to enter. */
enum c2d_status cache_file_check_dir(const char *dir, struct c2d_error *error);

/* These look at dir again, and at the file likewise. */
bool cache_file_read(const char *dir, const char *name, struct buf *data, struct c2d_error *error);
/* In one step: readers see the old file or the new one. */
bool cache_file_write(const char *dir, const char *name, const struct buf *data,
                      struct c2d_error *error);
void cache_file_remove(const char *dir, const char *name);
/* Removes files with such names as tls_cache_init() makes, and temporary ones of theirs, that were
 * written before oldest_s or, by a clock that was set back since, after latest_s. */
void cache_file_remove_old(const char *dir, int64_t oldest_s, int64_t latest_s);

#endif
