#include "spool_name.h"

#include "base/array.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char extension[] = ".json";

/* Only digits may enter a file name: the header of the hub may contain anything. */
static const char *digits_or_none(const char *text)
{
    size_t size = text == NULL ? 0 : strlen(text);

    return size > 0 && size <= 20 && text[strspn(text, "0123456789")] == '\0' ? text : "";
}

bool spool_name(char name[SPOOL_NAME_SIZE], const char *owner, const struct c2d_message *message)
{
    static const char zeros[] = "00000000000000000000";
    const char *number = digits_or_none(message->sequence_number);

    snprintf(name, SPOOL_NAME_SIZE, "%s-%s%s-%lld%s", owner, zeros + strlen(number), number,
             (long long)message->enqueued_at_ms, extension);
    return *number != '\0';
}

void spool_name_numbered(char out[SPOOL_NAME_SIZE], const char *name, unsigned number)
{
    int stem = (int)(strlen(name) - strlen(extension));

    if (number == 1)
        snprintf(out, SPOOL_NAME_SIZE, "%s", name);
    else
        snprintf(out, SPOOL_NAME_SIZE, "%.*s_%u%s", stem, name, number, extension);
}

static bool matches(const char *name, const char *owner, const char *suffix)
{
    size_t size = strlen(name), end = strlen(suffix);

    return strncmp(name, owner, strlen(owner)) == 0 && size >= end
           && strcmp(name + size - end, suffix) == 0;
}

static bool append(struct spool_names *names, const char *name)
{
    char **items = array_reserve(names->items, &names->capacity, names->count + 1, sizeof *items);

    if (items == NULL)
        return false;
    names->items = items;
    items[names->count] = strdup(name);
    return items[names->count] != NULL && ++names->count > 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool spool_names_read(struct spool_names *names, int folder, const char *owner, const char *suffix)
{
    /* Opened again: closedir() closes it, and a duplicate would share the read position. */
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    bool ok = stream != NULL;

    *names = (struct spool_names) { 0 };
    if (fd >= 0 && stream == NULL)
        close(fd);
    errno = ok ? 0 : errno;
    while (ok && (entry = readdir(stream)) != NULL)
        ok = !matches(entry->d_name, owner, suffix) || append(names, entry->d_name);
    ok = ok && errno == 0;
    if (stream != NULL) {
        int problem = errno;

        closedir(stream);
        errno = problem;
    }
    if (ok && names->count > 0)
        qsort(names->items, names->count, sizeof *names->items, compare);
    if (!ok)
        spool_names_clear(names);
    return ok;
}

void spool_names_clear(struct spool_names *names)
{
    int problem = errno;

    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (struct spool_names) { 0 };
    errno = problem;
}
