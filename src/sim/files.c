/* files: the folder in which clients find the CA, the connection strings and the environment. */
#define _GNU_SOURCE /* realpath */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The variables of env and of the command. */
enum { VARIABLE_COUNT = 5 };

struct variable {
    const char *name;
    struct buf value;
};

static char *make_temporary(void)
{
    const char *parent = getenv("TMPDIR");
    struct buf path = { 0 };

    buf_format(&path, "%s/c2d-sim-XXXXXX", parent != NULL && *parent == '/' ? parent : "/tmp");
    if (path.failed || mkdtemp(path.data) == NULL)
        buf_clear(&path);
    return path.data;
}

bool files_open(struct files *files, const char *dir)
{
    char *made = NULL;

    *files = (struct files) { .fd = -1, .is_temporary = dir == NULL };
    if (dir == NULL)
        dir = made = make_temporary();
    else if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return false;
    if (dir == NULL)
        return false;
    files->path = realpath(dir, NULL);
    free(made);
    if (files->path != NULL)
        files->fd = open(files->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return files->fd >= 0;
}

static bool write_all(int fd, const struct buf *data)
{
    size_t done = 0;

    while (done < data->size) {
        ssize_t n = write(fd, data->data + done, data->size - done);

        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            done += (size_t)n;
    }
    return true;
}

/* Notes that name is ours to remove. */
static bool remember(struct files *files, const char *name)
{
    char **names = realloc(files->names, (files->count + 1) * sizeof *names);

    if (names == NULL)
        return false;
    files->names = names;
    names[files->count] = strdup(name);
    if (names[files->count] == NULL)
        return false;
    files->count++;
    return true;
}

/* Makes a new file of that name, so that neither a link nor a mode left by others counts, and
 * clears data. */
static bool write_file(struct files *files, const char *name, struct buf *data)
{
    int fd = -1;
    bool done = false;

    if (data->failed)
        errno = ENOMEM;
    else if ((unlinkat(files->fd, name, 0) == 0 || errno == ENOENT) && remember(files, name))
        fd = openat(files->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) {
        done = write_all(fd, data);
        done = close(fd) == 0 && done;
    }
    buf_clear(data);
    return done;
}

/* device-ID.conn; what is not plain in a file name is percent-encoded. */
static void format_device_file(const char *id, struct buf *name)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._@";

    buf_text(name, "device-");
    for (; *id != '\0'; id++)
        buf_format(name, strchr(plain, *id) != NULL ? "%c" : "%%%02X", (unsigned char)*id);
    buf_text(name, ".conn");
}

static bool write_device(struct files *files, const struct hub *hub, const struct device *device)
{
    struct buf name = { 0 };
    struct buf data = { 0 };
    bool done = false;

    format_device_file(device->id, &name);
    hub_format_device(hub, device, &data);
    buf_text(&data, "\n");
    if (!name.failed)
        done = write_file(files, name.data, &data);
    buf_clear(&name);
    buf_clear(&data);
    return done;
}

static bool write_policy(struct files *files, const struct hub *hub, const struct policy *policy)
{
    char name[40];
    struct buf data = { 0 };

    (void)snprintf(name, sizeof name, "%s.conn", policy->name);
    hub_format_policy(hub, policy, &data);
    buf_text(&data, "\n");
    return write_file(files, name, &data);
}

static void get_variables(const struct files *files, const struct hub *hub,
                          struct variable variables[static VARIABLE_COUNT])
{
    static const char *const names[VARIABLE_COUNT] = { "IOTHUB_CONNECTION_STRING",
                                                       "IOTHUB_DEVICE_CONNECTION_STRING",
                                                       "IOTHUB_DEVICE_ID", "SSL_CERT_FILE",
                                                       "C2D_SIM_URL" };

    for (size_t i = 0; i < VARIABLE_COUNT; i++)
        variables[i] = (struct variable) { .name = names[i] };
    hub_format_policy(hub, hub_find_policy(hub, "service"), &variables[0].value);
    hub_format_device(hub, hub->devices.items[0], &variables[1].value);
    buf_text(&variables[2].value, hub->devices.items[0]->id);
    buf_format(&variables[3].value, "%s/ca.pem", files->path);
    buf_format(&variables[4].value, "https://%s", hub->host_name);
}

/* In single quotes for the shell. */
static void append_quoted(struct buf *out, const char *text)
{
    buf_text(out, "'");
    for (; *text != '\0'; text++)
        if (*text == '\'')
            buf_text(out, "'\\''");
        else
            buf_append(out, text, 1);
    buf_text(out, "'");
}

static bool write_env(struct files *files, const struct hub *hub)
{
    struct variable variables[VARIABLE_COUNT];
    struct buf data = { 0 };

    get_variables(files, hub, variables);
    for (size_t i = 0; i < VARIABLE_COUNT; i++) {
        buf_format(&data, "export %s=", variables[i].name);
        if (variables[i].value.failed)
            data.failed = true;
        else
            append_quoted(&data, variables[i].value.data);
        buf_text(&data, "\n");
        buf_clear(&variables[i].value);
    }
    buf_text(&data, "export NO_PROXY=\"${NO_PROXY:+$NO_PROXY,}\"'localhost'\n");
    return write_file(files, "env", &data);
}

bool files_write(struct files *files, const struct hub *hub, const struct buf *ca_pem)
{
    struct buf ca = { 0 };
    bool done;

    buf_append(&ca, ca_pem->data, ca_pem->size);
    done = write_file(files, "ca.pem", &ca);
    for (size_t i = 0; done && i < POLICY_COUNT; i++)
        done = write_policy(files, hub, &hub->policies[i]);
    for (size_t i = 0; done && i < hub->devices.count; i++)
        done = write_device(files, hub, hub->devices.items[i]);
    return done && write_env(files, hub);
}

/* Adds localhost to a list of hosts in the environment. */
static bool extend_list(const char *name, const char *list)
{
    struct buf value = { 0 };
    bool done;

    buf_format(&value, "%s%slocalhost", list, *list != '\0' ? "," : "");
    done = !value.failed && setenv(name, value.data, 1) == 0;
    buf_clear(&value);
    return done;
}

bool files_export(const struct files *files, const struct hub *hub)
{
    struct variable variables[VARIABLE_COUNT];
    const char *lower = getenv("no_proxy");
    const char *upper = getenv("NO_PROXY");
    bool done = true;

    get_variables(files, hub, variables);
    for (size_t i = 0; i < VARIABLE_COUNT; i++) {
        done = done && !variables[i].value.failed
               && setenv(variables[i].name, variables[i].value.data, 1) == 0;
        buf_clear(&variables[i].value);
    }
    /* curl looks at the lower-case name first. */
    return done && extend_list("NO_PROXY", upper != NULL ? upper : "")
           && (lower == NULL || extend_list("no_proxy", lower));
}

void files_clear(struct files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        if (files->is_temporary)
            (void)unlinkat(files->fd, files->names[i], 0);
        free(files->names[i]);
    }
    free(files->names);
    /* Files of others in it keep the folder alive, and that is right. */
    if (files->is_temporary && files->path != NULL)
        (void)rmdir(files->path);
    free(files->path);
    if (files->fd >= 0)
        (void)close(files->fd);
    *files = (struct files) { .fd = -1 };
}
