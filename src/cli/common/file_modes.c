#define _DEFAULT_SOURCE /* ST_RDONLY */
#include "file_modes.h"

#include <stddef.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

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
