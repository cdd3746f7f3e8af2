#define _DEFAULT_SOURCE /* syscall */
#include "spool_file.h"

#include "../common/folder_sync.h"
#include "spool_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static enum c2d_status load(int fd, struct c2d_message **message)
{
    enum c2d_status status = C2D_DATA;
    struct stat file;
    char *text;
    ssize_t count;

    if (fd < 0 || fstat(fd, &file) != 0)
        return STATUS_IO;
    if (file.st_size >= INT32_MAX) /* longer than any message */
        return C2D_DATA;
    text = malloc((size_t)file.st_size + 1);
    if (text == NULL)
        return C2D_OS;
    count = read(fd, text, (size_t)file.st_size);
    if (count < 0)
        status = STATUS_IO;
    else if (count == file.st_size)
        status = c2d_message_from_json(message, text, (size_t)count, NULL);
    free(text);
    return status;
}

struct c2d_message *spool_file_load(int folder, const char *name, enum c2d_status *status)
{
    struct c2d_message *message = NULL;
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    *status = load(fd, &message);
    if (fd >= 0)
        close(fd);
    return message;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static size_t count_pairs(const struct c2d_message *message, const struct c2d_property *property)
{
    size_t count = 0;

    for (size_t i = 0; i < message->property_count; i++)
        count += strcmp(message->properties[i].name, property->name) == 0
                 && strcmp(message->properties[i].value, property->value) == 0;
    return count;
}

/* The order is ignored: a proxy may reorder headers. */
static bool same_properties(const struct c2d_message *a, const struct c2d_message *b)
{
    if (a->property_count != b->property_count)
        return false;
    for (size_t i = 0; i < a->property_count; i++)
        if (count_pairs(a, &a->properties[i]) != count_pairs(b, &a->properties[i]))
            return false;
    return true;
}

/* Compares all fields from the sender: a hub that was created again may reuse sequence numbers.
 * Fields of the delivery (lock, count, times) are ignored, as they differ each time. */
static bool same_message(const struct c2d_message *a, const struct c2d_message *b)
{
    return a->body_size == b->body_size
           && (a->body_size == 0 || memcmp(a->body, b->body, a->body_size) == 0)
           && same_text(a->message_id, b->message_id)
           && same_text(a->correlation_id, b->correlation_id) && same_text(a->user_id, b->user_id)
           && same_text(a->to, b->to) && same_text(a->content_type, b->content_type)
           && same_text(a->content_encoding, b->content_encoding) && same_properties(a, b);
}

/* Returns message as it would be read from a file. JSON replaces bytes that are not UTF-8. NULL:
 * out of memory. */
static struct c2d_message *as_kept(const struct c2d_message *message)
{
    char *json = c2d_message_to_json(message, true);
    struct c2d_message *copy = NULL;

    if (json != NULL)
        (void)c2d_message_from_json(&copy, json, strlen(json), NULL);
    free(json);
    return copy;
}

/* Returns C2D_OK if the file contains message and C2D_DATA if it contains anything else. Other
 * statuses are errors, with errno set. */
static enum c2d_status compare(int folder, const char *name, const struct c2d_message *message)
{
    enum c2d_status status;
    struct c2d_message *kept = spool_file_load(folder, name, &status);
    struct c2d_message *copy = kept == NULL ? NULL : as_kept(message);

    if (copy != NULL)
        status = same_message(kept, copy) ? C2D_OK : C2D_DATA;
    else if (kept != NULL)
        status = C2D_OS;
    if (status == C2D_OS)
        errno = ENOMEM;
    c2d_message_free(kept);
    c2d_message_free(copy);
    return status;
}

/* Does not replace an existing file: with --no-lock, another instance may have stored it. */
static bool move(int from, const char *name, int to, const char *new_name)
{
    enum { NOREPLACE = 1 << 0 }; /* RENAME_NOREPLACE; musl 1.2.3 has neither name nor function */

    if (syscall(SYS_renameat2, from, name, to, new_name, (unsigned)NOREPLACE) == 0)
        return true;
    /* Some file systems lack it. Then the name is checked first. */
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    if (faccessat(to, new_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return false;
    }
    return renameat(from, name, to, new_name) == 0;
}

/* Syncs the new name to disk. Without it, the message may be handled now and delivered again. */
static bool sync_move(const struct app *app, const char *path, const struct spool_place *from,
                      int to, const char *new_name)
{
    int problem;

    if (folder_sync(app, to, path))
        return true;
    problem = errno;
    (void)move(to, new_name, from->folder, from->name);
    errno = problem;
    return false;
}

enum spool_moved spool_file_move(const struct app *app, const char *path,
                                 const struct spool_place *from, const struct spool_place *to,
                                 const struct c2d_message *message)
{
    for (unsigned number = 1; number < 1000; number++) {
        enum c2d_status status = C2D_DATA;
        char target[SPOOL_NAME_SIZE];

        spool_name_numbered(target, to->name, number);
        if (move(from->folder, from->name, to->folder, target))
            return sync_move(app, path, from, to->folder, target) ? SPOOL_MOVED : SPOOL_NOT_MOVED;
        if (errno != EEXIST)
            break;
        if (message != NULL)
            status = compare(to->folder, target, message);
        /* Another program has removed the file in between, so the name is free. */
        if (status == STATUS_IO && errno == ENOENT) {
            number--;
            continue;
        }
        /* Synced again: the run that stored the file may have died before its sync. */
        if (status == C2D_OK)
            return folder_sync(app, to->folder, path) ? SPOOL_KNOWN : SPOOL_NOT_MOVED;
        if (status != C2D_DATA)
            break;
    }
    return SPOOL_NOT_MOVED;
}
