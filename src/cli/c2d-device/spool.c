#include "spool.h"

#include "../common/file_lock.h"
#include "../common/output.h"
#include "../common/report.h"
#include "identity.h"
#include "spool_file.h"
#include "spool_name.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum c2d_status fail_io(const struct spool *spool, const char *folder, const char *name)
{
    return report_failure(spool->app, errno == ENOMEM ? C2D_OS : C2D_IO, NULL, "'%s/%s/%s': %s",
                          spool->path, folder, name, strerror(errno));
}

/* ---- Folders ---- */

/* Opens name below parent, made if missing; -1 with errno set. Only once the folder itself is on
 * the disk is anything that is put into it. */
static int open_folder(int parent, const char *name, const char *path)
{
    bool made = mkdirat(parent, name, 0700) == 0;
    int fd;

    if (!made && errno != EEXIST)
        return -1;
    fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && made && (parent == AT_FDCWD ? !output_sync_folder(path) : fsync(parent) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Removes what a run that was killed has left half-written: it was never completed. */
static bool sweep(const struct spool *spool)
{
    struct spool_names names;

    if (!spool_names_read(&names, spool->tmp, spool->owner, ""))
        return false;
    for (size_t i = 0; i < names.count; i++)
        (void)unlinkat(spool->tmp, names.items[i], 0); /* not worth ending for */
    spool_names_clear(&names);
    return true;
}

/* One instance for a device in a folder, whoever runs it: the lock of 7.1 is a user's own. */
static bool take_lock(struct spool *spool, int folder)
{
    char name[SPOOL_NAME_SIZE];

    snprintf(name, sizeof name, "%s.lock", spool->owner);
    spool->lock = openat(folder, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return spool->lock >= 0 && file_lock(spool->lock);
}

/* Files of another hub or device are not handled here, and might wait for ever. */
static bool warn_of_others(const struct spool *spool)
{
    struct spool_names all, ours;
    bool ok = spool_names_read(&all, spool->kept, "", ".json");

    if (!ok)
        return false;
    ok = spool_names_read(&ours, spool->kept, spool->owner, ".json");
    if (ok && spool->handler != NULL && all.count > ours.count)
        report_warning(spool->app,
                       "'%s/new' holds %zu messages for another hub or device: they stay",
                       spool->path, all.count - ours.count);
    spool_names_clear(&all);
    if (ok)
        spool_names_clear(&ours);
    return ok;
}

enum c2d_status spool_open(struct spool *spool, const struct app *app, const char *path, bool locks)
{
    int folder = open_folder(AT_FDCWD, path, path);
    bool ok = folder >= 0, is_taken = false;

    spool->app = app;
    spool->path = path;
    snprintf(spool->owner, sizeof spool->owner, "%016" PRIx64, identity_hash(app->client));
    ok = ok && (spool->tmp = open_folder(folder, "tmp", path)) >= 0;
    ok = ok && (spool->kept = open_folder(folder, "new", path)) >= 0;
    ok = ok && (spool->failed = open_folder(folder, "failed", path)) >= 0;
    if (ok && locks) {
        ok = take_lock(spool, folder);
        is_taken = !ok && spool->lock >= 0 && file_lock_is_taken();
    }
    /* Only with the lock is what lies about unfinished nobody's work in progress. */
    ok = ok && (!locks || sweep(spool)) && warn_of_others(spool);
    if (folder >= 0)
        close(folder);
    if (is_taken)
        return report_failure(app, C2D_LOCKED, NULL, "another instance uses '%s' for this device",
                              path);
    return ok ? C2D_OK
              : report_failure(app, errno == ENOMEM ? C2D_OS : C2D_CANT_CREATE, NULL, "'%s': %s",
                               path, strerror(errno));
}

void spool_close(struct spool *spool)
{
    const int folders[] = { spool->tmp, spool->kept, spool->failed, spool->lock };

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (folders[i] >= 0)
            close(folders[i]);
    spool->tmp = spool->kept = spool->failed = spool->lock = -1;
}

/* ---- Keeping ---- */

static bool write_file(int fd, const struct c2d_message *message, enum c2d_status *status)
{
    char *line = c2d_message_to_json(message, true);
    size_t size = line == NULL ? 0 : strlen(line);
    bool ok;

    *status = line == NULL ? C2D_OS : C2D_IO;
    if (line != NULL)
        line[size] = '\n'; /* in place of its NUL */
    ok = line != NULL && output_write(fd, line, size + 1) == size + 1 && fsync(fd) == 0;
    free(line);
    return ok;
}

/* On the disk under its name, whatever happens next; else nothing is left of it. */
static enum c2d_status keep(const struct spool *spool, const struct c2d_message *message)
{
    char base[SPOOL_NAME_SIZE], draft[SPOOL_NAME_SIZE + 16];
    enum c2d_status status = C2D_IO;
    bool known = true, is_unique;
    int problem, fd;

    is_unique = spool_name(base, spool->owner, message);
    snprintf(draft, sizeof draft, "%s.%ld", base, (long)getpid());
    fd = openat(spool->tmp, draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail_io(spool, "tmp", draft);
    if (write_file(fd, message, &status)
        && spool_move(spool->tmp, draft, spool->kept, base, is_unique ? message : NULL, &known))
        status = C2D_OK;
    problem = errno;
    close(fd); /* synced: it has nothing left to report */
    if (status != C2D_OK || known)
        (void)unlinkat(spool->tmp, draft, 0);
    errno = problem;
    if (status == C2D_OS)
        return report_failure(spool->app, C2D_OS, NULL, "out of memory");
    return status == C2D_OK ? C2D_OK : fail_io(spool, "new", base);
}

struct dealt spool_keep(void *context, const struct c2d_message *message, long long number,
                        int64_t deadline_ms)
{
    enum c2d_status status = keep(context, message);

    (void)number, (void)deadline_ms;
    return (struct dealt) {
        .verdict = status == C2D_OK ? VERDICT_COMPLETE : VERDICT_STOP,
        .status = status,
        .handler_exit = -1,
    };
}
