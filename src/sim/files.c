/* files: the folder in which clients find the CA, the connection strings and the environment. */
#define _GNU_SOURCE /* realpath */
#include "files.h"
#include "hub.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* False with errno set. */
static bool open_folder(struct files *files, const char *dir)
{
    const char *parent = getenv("TMPDIR");
    char *made = NULL;

    files->is_temporary = dir == NULL;
    files->names = evbuffer_new();
    if (dir == NULL) {
        made = text_format("%s/c2d-sim-XXXXXX", parent != NULL && *parent == '/' ? parent : "/tmp");
        dir = mkdtemp(made);
    } else if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        dir = NULL;
    }
    files->path = dir != NULL ? realpath(dir, NULL) : NULL;
    free(made);
    if (files->path != NULL)
        files->fd = open(files->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return files->fd >= 0;
}

/* Makes a new file of that name, so that neither a link nor a mode left by others counts, and moves
 * data to it. False with errno set. */
static bool write_file(struct files *files, const char *name, struct evbuffer *data)
{
    int fd = -1;
    bool done = false;

    if (unlinkat(files->fd, name, 0) == 0 || errno == ENOENT)
        fd = openat(files->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) {
        evbuffer_add_printf(files->names, "%s\n", name);
        while (evbuffer_get_length(data) > 0 && evbuffer_write(data, fd) > 0)
            ; /* a regular file is never interrupted */
        done = evbuffer_get_length(data) == 0;
        done = close(fd) == 0 && done;
    }
    return done;
}

/* Takes the connection string of what name is after kind in a file name. */
static bool write_string(struct files *files, const char *kind, const char *name, char *string)
{
    struct evbuffer *data = evbuffer_new();
    char *encoded = evhttp_uriencode(name, -1, 0); /* what is not plain there */
    char *file = text_format("%s%s.conn", kind, encoded);
    bool done;

    evbuffer_add_printf(data, "%s\n", string);
    done = write_file(files, file, data);
    evbuffer_free(data);
    free(encoded);
    free(string);
    free(file);
    return done;
}

/* Sets what the command gets and writes env, which sets the same for a shell. */
static bool write_env(struct files *files, const struct hub *hub, const char *hosts)
{
    const struct {
        const char *name;
        char *value;
    } variables[] = {
        { "IOTHUB_CONNECTION_STRING", hub_connection_string(hub, &hub->policies[0], NULL) },
        { "IOTHUB_DEVICE_CONNECTION_STRING", hub_connection_string(hub, NULL, hub->devices[0]) },
        { "IOTHUB_DEVICE_ID", text_format("%s", hub->devices[0]->id) },
        { "SSL_CERT_FILE", text_format("%s/ca.pem", files->path) },
        { "C2D_SIM_URL", text_format("https://localhost:%d", hub->port) },
    };
    struct evbuffer *text = evbuffer_new();
    bool done = true;

    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        done = setenv(variables[i].name, variables[i].value, 1) == 0 && done;
        evbuffer_add_printf(text, "export %s='", variables[i].name);
        for (const char *c = variables[i].value; *c != '\0'; c++)
            evbuffer_add_printf(text, *c == '\'' ? "'\\'%c" : "%c", *c);
        evbuffer_add_printf(text, "'\n");
        free(variables[i].value);
    }
    evbuffer_add_printf(text, "export NO_PROXY=\"${NO_PROXY:+$NO_PROXY,}\"'%s'\n", hosts);
    done = write_file(files, "env", text) && done;
    evbuffer_free(text);
    return done;
}

/* Adds hosts to a list in the environment. */
static bool extend_list(const char *name, const char *hosts)
{
    const char *list = getenv(name);
    char *value = text_format("%s%s%s", list != NULL ? list : "",
                              list != NULL && *list != '\0' ? "," : "", hosts);
    bool done = setenv(name, value, 1) == 0;

    free(value);
    return done;
}

bool files_write(struct files *files, const char *dir, const struct hub *hub,
                 struct evbuffer *ca_pem)
{
    bool done = open_folder(files, dir) && write_file(files, "ca.pem", ca_pem);
    bool is_named = strcmp(hub->name, HUB_NAME) != 0;
    char *hosts = text_format("%s%s%s", HUB_NAME, is_named ? "," : "", is_named ? hub->name : "");

    for (size_t i = 0; done && i < sizeof hub->policies / sizeof hub->policies[0]; i++)
        done = write_string(files, "", hub->policies[i].name,
                            hub_connection_string(hub, &hub->policies[i], NULL));
    for (size_t i = 0; done && i < hub->device_count; i++)
        done = write_string(files, "device-", hub->devices[i]->id,
                            hub_connection_string(hub, NULL, hub->devices[i]));
    /* curl looks at the lower-case name first. */
    done = done && write_env(files, hub, hosts) && extend_list("NO_PROXY", hosts)
           && (getenv("no_proxy") == NULL || extend_list("no_proxy", hosts));
    free(hosts);
    return done;
}

void files_clear(struct files *files)
{
    char *name;

    while (files->names != NULL
           && (name = evbuffer_readln(files->names, NULL, EVBUFFER_EOL_LF)) != NULL) {
        if (files->is_temporary)
            (void)unlinkat(files->fd, name, 0);
        free(name);
    }
    if (files->names != NULL)
        evbuffer_free(files->names);
    /* Files of others in it keep the folder alive, and that is right. */
    if (files->is_temporary && files->path != NULL)
        (void)rmdir(files->path);
    free(files->path);
    if (files->fd >= 0)
        (void)close(files->fd);
}
