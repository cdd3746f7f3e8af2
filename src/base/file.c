#define _GNU_SOURCE /* open file description locks, ST_RDONLY */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

const struct file_part file_whole = { 0, 0 };

bool file_is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0 || errno != EBADF;
}

/* With F_SETLK, closing any descriptor of the file would release the lock. */
static bool set_lock(int fd, struct file_part part, short type)
{
    struct flock lock = { .l_type = type, .l_start = part.start, .l_len = part.size };

    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

/* Sets *lock to the lock that conflicts with one on part. */
static bool get_lock(int fd, struct file_part part, struct flock *lock)
{
    *lock = (struct flock) { .l_type = F_WRLCK, .l_start = part.start, .l_len = part.size };
    return fcntl(fd, F_OFD_GETLK, lock) == 0;
}

bool file_lock(int fd, struct file_part part)
{
    return set_lock(fd, part, F_WRLCK);
}

void file_unlock(int fd, struct file_part part)
{
    (void)set_lock(fd, part, F_UNLCK);
}

bool file_lock_is_taken(void)
{
    return errno == EAGAIN || errno == EACCES;
}

bool file_is_locked(int fd, struct file_part part)
{
    struct flock lock;

    return get_lock(fd, part, &lock) && lock.l_type != F_UNLCK;
}

bool file_can_lock(int fd)
{
    struct flock lock;

    return get_lock(fd, file_whole, &lock);
}

const char *file_modes_fixed(int fd)
{
    static const struct {
        unsigned long type; /* from statfs(2) */
        const char *why;
    } types[] = {
        { 0x4d44, "vfat has no modes" },       { 0x2011bab0, "exfat has no modes" },
        { 0x5346544e, "ntfs has no modes" },   { 0x7366746e, "ntfs3 has no modes" },
        { 0xff534d42, "CIFS has no modes" },   { 0xfe534d42, "SMB2 has no modes" },
        { 0x517b, "SMB has no modes" },        { 0x01021997, "9p has no modes of its own" },
        { 0x786f4256, "vboxsf has no modes" }, { 0x7c7c6673, "prl_fs has no modes" },
        { 0xbacbacbc, "vmhgfs has no modes" }, { 0x65735546, "fuse may have no modes" },
    };
    struct statfs system;

    if (fstatfs(fd, &system) != 0)
        return NULL;
    if (((unsigned long)system.f_flags & ST_RDONLY) != 0)
        return "the mount is read-only";
    /* On some platforms f_type is a signed 32-bit number. */
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == ((unsigned long)system.f_type & 0xffffffff))
            return types[i].why;
    return NULL;
}
