#define _GNU_SOURCE /* open file description locks */
#include "file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Belongs to the open file description. With F_SETLK, closing any descriptor of the file would
 * release the lock. */
static bool set_lock(int fd, short type)
{
    struct flock lock = { .l_type = type, .l_whence = SEEK_SET };

    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

bool file_lock(int fd)
{
    return set_lock(fd, F_WRLCK);
}

bool file_lock_is_taken(void)
{
    return errno == EAGAIN || errno == EACCES;
}
