#include "spool.h"

#include "base/file.h"

#include "../common/failure.h"
#include "../common/folder_sync.h"
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
    return report_failure(spool->app, errno == ENOMEM ? C2D_OS : STATUS_IO, NULL, "'%s/%s/%s': %s",
                          spool->path, folder, name, strerror(errno));
}

/* ---- Folders ---- */

/* folder is "" or begins with a slash. */
static enum c2d_status fail_open(const struct spool *spool, const char *folder,
                                 struct c2d_error *error)
{
    return fail(error, errno == ENOMEM ? C2D_OS : STATUS_CANT_CREATE, "'%s%s': %s", spool->path,
                folder, strerror(errno));
}

/* A user who can write here controls the input of the handler, and can remove stored messages. */
static enum c2d_status check_folder(const struct spool *spool, int fd, const char *name,
                                    struct c2d_error *error)
{
    struct stat folder;

    if (fstat(fd, &folder) != 0)
        return fail_open(spool, name, error);
    if (folder.st_uid != geteuid() && folder.st_uid != 0)
        return fail_with_hint(error, STATUS_CANT_CREATE, "name a folder of your own",
                              "'%s%s' belongs to another user (id %lu)", spool->path, name,
                              (unsigned long)folder.st_uid);
    if ((folder.st_mode & S_IWOTH) != 0 && file_modes_fixed(fd) == NULL)
        return fail_with_hint(error, STATUS_CANT_CREATE,
                              "chmod o-w takes that right away from them",
                              "other users may write to '%s%s'", spool->path, name);
    return C2D_OK;
}

/* Opens a folder in parent, or the spool if folder is "", and creates it if missing. A new folder
 * is synced to disk before it is used. */
static enum c2d_status open_folder(const struct spool *spool, int parent, const char *folder,
                                   int *fd, struct c2d_error *error)
{
    const char *name = *folder == '\0' ? spool->path : folder + 1;
    bool made = mkdirat(parent, name, 0700) == 0;

    if (!made && errno != EEXIST)
        return fail_open(spool, folder, error);
    *fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0)
        return fail_open(spool, folder, error);
    if (made
        && !(parent == AT_FDCWD ? folder_sync_parent(spool->app, name, *fd)
                                : folder_sync(spool->app, parent, spool->path))) {
        int problem = errno;

        /* Otherwise the next run would assume that the folder is on the disk. */
        (void)unlinkat(parent, name, AT_REMOVEDIR);
        errno = problem;
        return fail_open(spool, folder, error);
    }
    return check_folder(spool, *fd, folder, error);
}

static enum c2d_status open_folders(struct spool *spool, int *folder, struct c2d_error *error)
{
    enum c2d_status status = open_folder(spool, AT_FDCWD, "", folder, error);

    if (status == C2D_OK)
        status = open_folder(spool, *folder, "/tmp", &spool->tmp, error);
    if (status == C2D_OK)
        status = open_folder(spool, *folder, "/new", &spool->kept, error);
    if (status == C2D_OK)
        status = open_folder(spool, *folder, "/failed", &spool->failed, error);
    return status;
}

/* Removes unfinished files of a killed run: their messages were never completed. */
static bool sweep(const struct spool *spool)
{
    struct spool_names names;

    if (!spool_names_read(&names, spool->tmp, spool->owner, ""))
        return false;
    for (size_t i = 0; i < names.count; i++)
        (void)unlinkat(spool->tmp, names.items[i], 0); /* a failure is harmless */
    spool_names_clear(&names);
    return true;
}

/* Allows one instance per device and folder, for all users. The lock of lock_take() is per user. */
static enum c2d_status take_lock(struct spool *spool, int folder, struct c2d_error *error)
{
    char name[SPOOL_NAME_SIZE];

    snprintf(name, sizeof name, "%s.lock", spool->owner);
    spool->lock = openat(folder, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (spool->lock < 0)
        return fail_open(spool, "", error);
    if (file_lock(spool->lock, file_whole))
        return C2D_OK;
    if (file_lock_is_taken())
        return fail(error, STATUS_LOCKED, "another instance uses '%s' for this device",
                    spool->path);
    return fail_with_hint(error, STATUS_CANT_CREATE,
                          "pass --no-lock if no other instance can use that spool",
                          "'%s' cannot be locked: %s", spool->path, strerror(errno));
}

/* Warns of files of another hub or device. This program does not handle them. */
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

enum c2d_status spool_open(struct spool *spool, const struct app *app, const char *path, bool locks,
                           struct c2d_error *error)
{
    enum c2d_status status;
    int folder = -1;

    spool->app = app;
    spool->path = path;
    snprintf(spool->owner, sizeof spool->owner, "%016" PRIx64, identity_hash(app->client));
    status = open_folders(spool, &folder, error);
    if (status == C2D_OK && locks)
        status = take_lock(spool, folder, error);
    if (folder >= 0)
        close(folder);
    /* Without the lock, an unfinished file may be another instance's work in progress. */
    if (status == C2D_OK && !((!locks || sweep(spool)) && warn_of_others(spool)))
        status = fail_open(spool, "", error);
    return status;
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
    bool ok = line != NULL && output_text_line(fd, line) && fsync(fd) == 0;

    *status = line == NULL ? C2D_OS : STATUS_IO;
    free(line);
    return ok;
}

/* Returns C2D_OK when message is on the disk under its name. After a failure the draft is removed:
 * the hub still has the message. */
static enum c2d_status keep(const struct spool *spool, const struct c2d_message *message)
{
    char base[SPOOL_NAME_SIZE], draft[SPOOL_NAME_SIZE + 16];
    enum spool_moved moved = SPOOL_NOT_MOVED;
    enum c2d_status status = STATUS_IO;
    bool is_unique;
    int problem, fd;

    is_unique = spool_name(base, spool->owner, message);
    snprintf(draft, sizeof draft, "%s.%ld", base, (long)getpid());
    fd = openat(spool->tmp, draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail_io(spool, "tmp", draft);
    if (write_file(fd, message, &status))
        moved = spool_file_move(
            spool->app, spool->path, &(struct spool_place) { spool->tmp, draft },
            &(struct spool_place) { spool->kept, base }, is_unique ? message : NULL);
    problem = errno;
    close(fd); /* already synced, so its errors do not matter */
    if (moved != SPOOL_MOVED)
        (void)unlinkat(spool->tmp, draft, 0);
    errno = problem;
    if (moved != SPOOL_NOT_MOVED)
        return C2D_OK;
    if (status == C2D_OS)
        return report_failure(spool->app, C2D_OS, NULL, "out of memory");
    return fail_io(spool, "new", base);
}

struct disposition spool_keep(void *context, const struct c2d_message *message, long long number,
                              int64_t deadline_ms)
{
    enum c2d_status status = keep(context, message);

    (void)number, (void)deadline_ms;
    return (struct disposition) {
        .kind = status == C2D_OK ? DISPOSITION_COMPLETE : DISPOSITION_STOP,
        .status = status,
        .handler_exit = -1,
    };
}
