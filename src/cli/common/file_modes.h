/* Detects files whose mode cannot be changed. */
#ifndef FILE_MODES_H
#define FILE_MODES_H

/* Returns why chmod(2) cannot change the mode of fd, as a clause: a read-only mount, or a file
 * system without modes of its own. Examples are vfat, CIFS, 9p, FUSE and shares of virtual
 * machines. NULL: it can. The mode is not changed. */
const char *file_modes_fixed(int fd);

#endif
