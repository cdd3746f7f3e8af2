/* Owner, mode and links are checked on the open descriptor: the path may change meanwhile. The
 * caller checks the content. */
#include "cache_file.h"

#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIZE_LIMIT = 64 * 1024 };

/* Returns why fd must not hold a secret, or NULL if it may. fd -1: errno says why. */
static const char *flaw_of(int fd, struct stat *status)
{
    if (fd < 0)
        return errno == ELOOP || errno == ENOTDIR ? "it is a link, or not a folder"
                                                  : strerror(errno);
    if (fstat(fd, status) != 0)
        return strerror(errno);
    if (status->st_uid != geteuid())
        return "it belongs to another user";
    if ((status->st_mode & 077) != 0)
        return "other users have access (remove it with chmod go=)";
    if (!S_ISDIR(status->st_mode) && (!S_ISREG(status->st_mode) || status->st_nlink > 1))
        return "it is not a regular file, or has a second name";
    return NULL;
}

/* Opens a folder or a file and checks it. Returns -1, with error set, on failure. */
static int open_checked(int at, const char *path, int flags, struct stat *status,
                        struct c2d_error *error)
{
    int fd = openat(at, path, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    const char *flaw = flaw_of(fd, status);

    if (flaw == NULL)
        return fd;
    fail(error, C2D_CONFIG, "'%s': %s", path, flaw);
    if (fd >= 0)
        close(fd);
    return -1;
}

static int open_dir(const char *dir, struct c2d_error *error)
{
    size_t size = strlen(dir);
    char path[PATH_MAX];
    struct stat status;

    /* O_NOFOLLOW would not refuse "link/". */
    while (size > 1 && dir[size - 1] == '/')
        size--;
    /* A path that is too long becomes "", which openat() does not find. */
    snprintf(path, sizeof path, "%.*s", size < sizeof path ? (int)size : 0, dir);
    return open_checked(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, &status, error);
}

enum c2d_status cache_file_check_dir(const char *dir, struct c2d_error *error)
{
    int fd;

    error_reset(error);
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return fail(error, C2D_CONFIG, "'%s': %s", dir, strerror(errno));
    fd = open_dir(dir, error);
    if (fd < 0)
        return C2D_CONFIG;
    close(fd);
    return C2D_OK;
}

static bool read_whole(int fd, size_t size, struct buf *data)
{
    char *room = buf_reserve(data, size);

    if (room == NULL || read(fd, room, size) != (ssize_t)size)
        return false;
    data->size += size;
    return true;
}

bool cache_file_read(const char *dir, const char *name, struct buf *data, struct c2d_error *error)
{
    struct stat status;
    int dir_fd, fd;
    bool ok;

    error_reset(error);
    dir_fd = open_dir(dir, error);
    if (dir_fd < 0)
        return false;
    fd = open_checked(dir_fd, name, O_RDONLY, &status, error);
    close(dir_fd);
    if (fd < 0)
        return false;
    ok = status.st_size <= SIZE_LIMIT && read_whole(fd, (size_t)status.st_size, data);
    if (!ok)
        fail(error, C2D_CONFIG, "'%s' cannot be read, or is too long", name);
    close(fd);
    return ok;
}

/* Returns 0, or an errno value. */
static int write_new(int dir_fd, const char *name, const struct buf *data)
{
    int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ssize_t written;
    int reason = 0;

    if (fd < 0)
        return errno;
    written = write(fd, data->data, data->size);
    if (written != (ssize_t)data->size)
        reason = written < 0 ? errno : ENOSPC;
    /* Not synced: a file lost in a crash of the machine only costs a full handshake. */
    return close(fd) != 0 && reason == 0 ? errno : reason;
}

bool cache_file_write(const char *dir, const char *name, const struct buf *data,
                      struct c2d_error *error)
{
    char temporary[NAME_MAX + 1];
    int dir_fd, reason;

    error_reset(error);
    dir_fd = open_dir(dir, error);
    if (dir_fd < 0)
        return false;
    /* Always the same name, so that the next write removes what a crash has left. Two concurrent
     * writers may mix their bytes; a reader detects that by the content. */
    snprintf(temporary, sizeof temporary, "%s.new", name);
    (void)unlinkat(dir_fd, temporary, 0);
    reason = write_new(dir_fd, temporary, data);
    if (reason == 0 && renameat(dir_fd, temporary, dir_fd, name) != 0)
        reason = errno;
    if (reason != 0) {
        (void)unlinkat(dir_fd, temporary, 0);
        fail(error, C2D_CONFIG, "'%s': %s", temporary, strerror(reason));
    }
    close(dir_fd);
    return reason == 0;
}

void cache_file_remove(const char *dir, const char *name)
{
    int dir_fd = open_dir(dir, NULL);

    if (dir_fd < 0)
        return;
    (void)unlinkat(dir_fd, name, 0);
    close(dir_fd);
}

/* 64 hex digits, or the temporary file of such a name: see cache_file_write(). */
static bool is_cache_name(const char *name)
{
    size_t size = strspn(name, "0123456789abcdef");

    return size == 64 && (name[size] == '\0' || strcmp(name + size, ".new") == 0);
}

void cache_file_remove_old(const char *dir, int64_t oldest_s, int64_t latest_s)
{
    int dir_fd = open_dir(dir, NULL);
    DIR *folder = dir_fd < 0 ? NULL : fdopendir(dir_fd);
    const struct dirent *entry;
    struct stat status;

    while (folder != NULL && (entry = readdir(folder)) != NULL)
        if (is_cache_name(entry->d_name)
            && fstatat(dir_fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0
            && S_ISREG(status.st_mode)
            && (status.st_mtime < oldest_s || status.st_mtime > latest_s))
            (void)unlinkat(dir_fd, entry->d_name, 0);
    if (folder != NULL)
        closedir(folder);
    else if (dir_fd >= 0)
        close(dir_fd);
}
