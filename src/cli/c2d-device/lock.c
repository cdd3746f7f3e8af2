#include "lock.h"

#include "../common/file_lock.h"
#include "../common/report.h"
#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of our own below one that everybody may write to: nobody else can have put a link or a
 * file of another into it. */
static int open_own_folder(const char *parent)
{
    char path[64];
    struct stat status;
    int fd;

    snprintf(path, sizeof path, "%s/c2d-%lu", parent, (unsigned long)geteuid());
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return -1;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, &status) == 0 && status.st_uid == geteuid() && (status.st_mode & 077) == 0)
        return fd;
    close(fd);
    errno = EPERM;
    return -1;
}

static int open_folder(void)
{
    int fd = open_own_folder("/run/lock");

    /* Trouble that passes is no reason: two instances would have two locks. */
    if (fd >= 0 || errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == EIO)
        return fd;
    return open_own_folder("/tmp");
}

enum c2d_status lock_take(const struct app *app)
{
    const char *device_id = c2d_client_device_id(app->client);
    char file[32];
    int folder = open_folder();
    int fd = -1;

    snprintf(file, sizeof file, "%016" PRIx64 ".lock", identity_hash(app->client));
    if (folder >= 0) {
        fd = openat(folder, file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        close(folder);
    }
    if (fd >= 0 && file_lock(fd))
        return C2D_OK; /* held until the process ends, and the kernel lets go */
    if (fd < 0 || !file_lock_is_taken())
        return report_failure(app, C2D_CANT_CREATE, "pass --no-lock if no other instance can run",
                              "no lock can be taken in /run/lock or /tmp: %s", strerror(errno));
    return report_failure(app, C2D_LOCKED, NULL, "another instance receives for device '%s'",
                          device_id);
}
