/* Whether the mode of a file means what it says. */
#ifndef FILE_MODES_H
#define FILE_MODES_H

#include <stdbool.h>

/* False where chmod(2) cannot change the mode of the open file fd: its file system has none of its
 * own (vfat, CIFS, 9p, FUSE, shares of virtual machines) and shows what it was mounted with. */
bool file_modes_apply(int fd);

#endif
