#define _GNU_SOURCE /* syncfs */
#include "folder_sync.h"

#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* True if the file system cannot sync folders (CIFS before Linux 4.17, vboxsf, DrvFs, FUSE). Any
 * other error means that the data may not be on the disk. */
static bool is_unsupported(int problem)
{
    return problem == EINVAL || problem == ENOSYS || problem == EBADF || problem == EOPNOTSUPP;
}

/* Syncs the whole file system. fd is any descriptor on it; problem is the errno of syncing the
 * folder. */
static bool sync_all(const struct app *app, int fd, const char *path, int problem)
{
    if (syncfs(fd) != 0)
        return false;
    if (app->sync_warned != NULL && !*app->sync_warned) {
        *app->sync_warned = true;
        report_warning(app,
                       "the folder of '%s' cannot be synced (%s): its whole file system is synced "
                       "instead",
                       path, strerror(problem));
    }
    return true;
}

bool folder_sync(const struct app *app, int folder, const char *path)
{
    if (fsync(folder) == 0)
        return true;
    return is_unsupported(errno) && sync_all(app, folder, path, errno);
}

bool folder_sync_parent(const struct app *app, const char *path, int file)
{
    char *copy = strdup(path);
    int folder = copy == NULL ? -1 : open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int problem = errno;
    bool ok = false;

    free(copy);
    if (folder >= 0) {
        ok = fsync(folder) == 0;
        problem = errno;
        close(folder);
    }
    if (ok)
        return true;
    errno = problem;
    /* A drop folder (mode 1733) can be written to, but not opened. */
    return (folder >= 0 ? is_unsupported(problem) : problem == EACCES || problem == EPERM)
           && sync_all(app, file, path, problem);
}
