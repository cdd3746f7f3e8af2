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

/* The file name in a folder of our own below parent; -1 with errno set. */
static int open_lock(const char *parent, const char *name)
{
    int folder = open_own_folder(parent);
    int fd, problem;

    if (folder < 0)
        return -1;
    fd = openat(folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    problem = errno;
    close(folder);
    errno = problem;
    return fd;
}

/* Trouble that passes is no reason for another place: two instances would have two locks. */
static bool may_pass(int problem)
{
    return problem == EMFILE || problem == ENFILE || problem == ENOMEM || problem == EIO;
}

enum c2d_status lock_take(const struct app *app)
{
    char name[32];
    int fd;

    snprintf(name, sizeof name, "%016" PRIx64 ".lock", identity_hash(app->client));
    fd = open_lock("/run/lock", name);
    if (fd < 0 && !may_pass(errno))
        fd = open_lock("/tmp", name);
    if (fd >= 0 && file_lock(fd))
        return C2D_OK; /* held until the process ends, and the kernel lets go */
    if (fd < 0 || !file_lock_is_taken())
        return report_failure(app, C2D_CANT_CREATE, "pass --no-lock if no other instance can run",
                              "no lock can be taken in /run/lock or /tmp: %s", strerror(errno));
    return report_failure(app, C2D_LOCKED, NULL, "another instance receives for device '%s'",
                          c2d_client_device_id(app->client));
}
