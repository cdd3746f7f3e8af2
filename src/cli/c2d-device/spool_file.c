#define _GNU_SOURCE /* renameat2 */
#include "spool_file.h"

#include "spool_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct c2d_message *spool_load(int folder, const char *name, enum c2d_status *status)
{
    struct c2d_message *message = NULL;
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat file;
    char *text = NULL;
    size_t size = 0;
    ssize_t count = -1;

    *status = C2D_IO;
    if (fd >= 0 && fstat(fd, &file) == 0 && file.st_size >= 0 && file.st_size < INT32_MAX) {
        size = (size_t)file.st_size;
        text = malloc(size + 1);
        count = text == NULL ? -1 : read(fd, text, size);
        *status = text == NULL ? C2D_OS : C2D_IO;
    }
    if (count >= 0)
        *status =
            (size_t)count == size ? c2d_message_from_json(text, size, &message, NULL) : C2D_DATA;
    free(text);
    if (fd >= 0)
        close(fd);
    return message;
}

static bool same_body(const struct c2d_message *a, const struct c2d_message *b)
{
    return a->body_size == b->body_size
           && (a->body_size == 0 || memcmp(a->body, b->body, a->body_size) == 0);
}

/* C2D_OK: message is kept under this name; C2D_DATA: something else is; another: it cannot be told,
 * with errno set. */
static enum c2d_status compare(int folder, const char *name, const struct c2d_message *message)
{
    enum c2d_status status;
    struct c2d_message *kept = spool_load(folder, name, &status);

    if (kept != NULL)
        status = same_body(kept, message) ? C2D_OK : C2D_DATA;
    if (status == C2D_OS)
        errno = ENOMEM;
    c2d_message_free(kept);
    return status;
}

/* Where two instances ignore each other's lock, neither replaces what the other one has kept. */
static bool move(int from, const char *name, int to, const char *new_name)
{
    if (renameat2(from, name, to, new_name, RENAME_NOREPLACE) == 0)
        return true;
    /* Some file systems cannot promise it: there it is looked up first. */
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    if (faccessat(to, new_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return false;
    }
    return renameat(from, name, to, new_name) == 0;
}

/* A name that is not sure to be on the disk is none: its message would be handled, and come
 * again. */
static bool sync_name(int folder, const char *name)
{
    int problem;

    if (fsync(folder) == 0)
        return true;
    problem = errno;
    (void)unlinkat(folder, name, 0);
    errno = problem;
    return false;
}

bool spool_move(int from, const char *name, int to, const char *base,
                const struct c2d_message *message, bool *known)
{
    enum c2d_status status = C2D_DATA;

    *known = false;
    for (unsigned number = 1; number < 1000; number++) {
        char target[SPOOL_NAME_SIZE];

        spool_name_numbered(target, base, number);
        if (move(from, name, to, target))
            return sync_name(to, target);
        if (errno != EEXIST)
            return false;
        if (message != NULL)
            status = compare(to, target, message);
        if (status == C2D_OK) {
            *known = true;
            return fsync(to) == 0; /* the run that kept it may have died before its own */
        }
        if (status != C2D_DATA)
            return false;
    }
    return false;
}
