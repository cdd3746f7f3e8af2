#include "file_modes.h"

#include <stddef.h>
#include <sys/vfs.h>

bool file_modes_apply(int fd)
{
    static const unsigned long without_modes[] = {
        0x4d44,     /* vfat */
        0x2011bab0, /* exfat */
        0x5346544e, /* ntfs */
        0x7366746e, /* ntfs3 */
        0x517b,     /* smb */
        0xff534d42, /* CIFS */
        0xfe534d42, /* SMB2 */
        0x01021997, /* 9p */
        0x65735546, /* FUSE */
        0x786f4256, /* vboxsf */
        0xbacbacbc, /* vmhgfs */
    };
    struct statfs system;

    if (fstatfs(fd, &system) != 0)
        return true;
    for (size_t i = 0; i < sizeof without_modes / sizeof *without_modes; i++)
        /* Some platforms have a signed 32-bit number here. */
        if ((unsigned long)system.f_type % 0x100000000 == without_modes[i])
            return false;
    return true;
}
