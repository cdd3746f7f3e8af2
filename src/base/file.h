/* Open descriptors, kernel locks on them, and files whose mode cannot be changed. */
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <sys/types.h>

/* False only if the kernel says so: any other failure of the question leaves fd as it is. */
bool file_is_open(int fd);

/* The bytes of a file that a lock covers. size 0: to the end, however far the file grows. */
struct file_part {
    off_t start, size;
};

extern const struct file_part file_whole;

/* The lock belongs to the open file description: it is released with its last descriptor, also
 * after a crash. Returns false with errno set. Never waits. */
bool file_lock(int fd, struct file_part part);
void file_unlock(int fd, struct file_part part);
/* True if errno, after a failed file_lock(), says that another process has the lock. */
bool file_lock_is_taken(void);
/* True if another process has locked any byte of part. */
bool file_is_locked(int fd, struct file_part part);
/* False, with errno set, if the file system has no locks. */
bool file_can_lock(int fd);

/* Returns why chmod(2) cannot change the mode of fd, as a clause: a read-only mount, or a file
 * system without modes of its own. Examples are vfat, CIFS, 9p, FUSE and shares of virtual
 * machines. NULL: it can. The mode is not changed. */
const char *file_modes_fixed(int fd);

#endif
