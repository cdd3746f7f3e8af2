/* Whether the mode of a file means what it says. */
#ifndef FILE_MODES_H
#define FILE_MODES_H

/* Why chmod(2) cannot change the mode of the open file fd, as a clause: its mount is read-only, or
 * its file system has no modes of its own (vfat, CIFS, 9p, FUSE, shares of virtual machines) and
 * shows what it was mounted with. NULL: it can. Nothing is tried. */
const char *file_modes_fixed(int fd);

#endif
