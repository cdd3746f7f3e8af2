#define _GNU_SOURCE /* realpath */
#include "files.h"
#include "hub.h"

#include <dirent.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_PREFIX "c2d-sim-"
enum { ATTEMPTS = 10 };

/* Removes the temporary folder name in parent, if this user owns it and no hub has locked it. */
static void remove_stale(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    struct stat info;
    const struct dirent *entry;

    if (folder == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    if (fstat(fd, &info) == 0 && info.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0) {
        while ((entry = readdir(folder)) != NULL)
            if (strcmp(entry->d_name, "env") == 0 || strcmp(entry->d_name, "ca.pem") == 0
                || fnmatch("*.conn", entry->d_name, 0) == 0)
                (void)unlinkat(fd, entry->d_name, 0);
        (void)unlinkat(parent, name, AT_REMOVEDIR); /* fails if it has other files */
    }
    (void)closedir(folder);
}

/* Removes the folders of hubs that were killed. */
static void remove_all_stale(const char *parent)
{
    DIR *folder = opendir(parent);
    const struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL)
        if (fnmatch(FOLDER_PREFIX "??????", entry->d_name, 0) == 0)
            remove_stale(dirfd(folder), entry->d_name);
    if (folder != NULL)
        (void)closedir(folder);
}

/* Opens and locks dir. False with errno set: EWOULDBLOCK if another hub has locked it. */
static bool lock_folder(struct files *files, const char *dir)
{
    struct stat info;
    int failure = 0;

    files->path = realpath(dir, NULL);
    if (files->path == NULL)
        return false;
    files->fd = open(files->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (files->fd < 0)
        failure = errno;
    /* Other errors are ignored: some file systems have no locks. */
    else if (flock(files->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        failure = EWOULDBLOCK;
    /* Another hub may have removed it as stale at its start. */
    else if (fstat(files->fd, &info) != 0 || info.st_nlink == 0)
        failure = ENOENT;
    if (failure == 0)
        return true;
    if (files->fd >= 0)
        (void)close(files->fd);
    free(files->path);
    files->path = NULL;
    files->fd = -1;
    errno = failure;
    return false;
}

/* Opens dir, or a new temporary folder if dir is NULL. False with errno set. */
static bool open_folder(struct files *files, const char *dir)
{
    const char *parent = getenv("TMPDIR");
    bool done = false;

    files->names = evbuffer_new();
    if (dir != NULL)
        return (mkdir(dir, 0700) == 0 || errno == EEXIST) && lock_folder(files, dir);
    files->is_temporary = true;
    parent = parent != NULL && *parent == '/' ? parent : "/tmp";
    remove_all_stale(parent);
    for (int i = 0; !done && i < ATTEMPTS; i++) {
        char *made = text_format("%s/" FOLDER_PREFIX "XXXXXX", parent);

        done = mkdtemp(made) != NULL && lock_folder(files, made);
        free(made);
    }
    return done;
}

/* Creates the file and moves data to it. Removes an old file first: it may be a link, or have
 * another mode. False with errno set. */
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

/* Writes the connection string of name to the file KIND + NAME + ".conn", and frees the string. */
static bool write_connection_string(struct files *files, const char *kind, const char *name,
                                    char *string)
{
    struct evbuffer *data = evbuffer_new();
    char *encoded = evhttp_uriencode(name, -1, 0); /* all but letters, digits and -._~ */
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

/* Writes both spellings, as clients read one or the other. printenv works in fish, in any POSIX
 * shell, and for unset variables under set -u, unlike the expansions of the shells. */
static void write_no_proxy(struct evbuffer *text, const char *hosts)
{
    evbuffer_add_printf(text,
                        "export no_proxy=\"$(printenv no_proxy || printenv NO_PROXY),%s\"\n"
                        "export NO_PROXY=\"$(printenv NO_PROXY || printenv no_proxy),%s\"\n",
                        hosts, hosts);
}

/* Sets the same in this process. */
static bool set_no_proxy(const char *hosts)
{
    static const char *const names[] = { "NO_PROXY", "no_proxy" };
    const char *lists[] = { getenv(names[0]), getenv(names[1]) };
    char *values[2];
    bool done = true;

    for (size_t i = 0; i < 2; i++) {
        const char *list = lists[i] != NULL ? lists[i] : lists[1 - i];

        values[i] = text_format("%s%s%s", list != NULL ? list : "",
                                list != NULL && *list != '\0' ? "," : "", hosts);
    }
    for (size_t i = 0; i < 2; i++) {
        done = setenv(names[i], values[i], 1) == 0 && done;
        free(values[i]);
    }
    return done;
}

/* Sets the variables for the command, and writes env, which sets them in a shell. */
static bool write_env(struct files *files, const struct hub *hub)
{
    bool is_named = strcmp(hub->name, HUB_NAME) != 0;
    char *hosts = text_format("%s%s%s", HUB_NAME, is_named ? "," : "", is_named ? hub->name : "");
    char *ca_file = text_format("%s/ca.pem", files->path);
    const struct {
        const char *name;
        char *value;
    } variables[] = {
        { "IOTHUB_CONNECTION_STRING", hub_connection_string(hub, &hub->policies[0], NULL) },
        { "IOTHUB_DEVICE_CONNECTION_STRING", hub_connection_string(hub, NULL, hub->devices[0]) },
        { "IOTHUB_DEVICE_ID", text_format("%s", hub->devices[0]->id) },
        { "SSL_CERT_FILE", text_format("%s", ca_file) },       /* OpenSSL, Go, c2d-http */
        { "CURL_CA_BUNDLE", text_format("%s", ca_file) },      /* curl of other builds */
        { "REQUESTS_CA_BUNDLE", text_format("%s", ca_file) },  /* Python's requests */
        { "NODE_EXTRA_CA_CERTS", text_format("%s", ca_file) }, /* Node.js */
        { "C2D_SIM_URL", text_format("https://localhost:%d", hub->port) },
    };
    struct evbuffer *text = evbuffer_new();
    bool done = set_no_proxy(hosts);

    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        done = setenv(variables[i].name, variables[i].value, 1) == 0 && done;
        evbuffer_add_printf(text, "export %s='", variables[i].name);
        for (const char *c = variables[i].value; *c != '\0'; c++)
            evbuffer_add_printf(text, *c == '\'' ? "'\\'%c" : "%c", *c);
        evbuffer_add_printf(text, "'\n");
        free(variables[i].value);
    }
    write_no_proxy(text, hosts);
    done = write_file(files, "env", text) && done;
    evbuffer_free(text);
    free(ca_file);
    free(hosts);
    return done;
}

bool files_write(struct files *files, const char *dir, const struct hub *hub,
                 struct evbuffer *ca_pem)
{
    bool done = open_folder(files, dir) && write_file(files, "ca.pem", ca_pem);

    for (size_t i = 0; done && i < sizeof hub->policies / sizeof hub->policies[0]; i++)
        done = write_connection_string(files, "", hub->policies[i].name,
                                       hub_connection_string(hub, &hub->policies[i], NULL));
    for (size_t i = 0; done && i < hub->device_count; i++)
        done = write_connection_string(files, "device-", hub->devices[i]->id,
                                       hub_connection_string(hub, NULL, hub->devices[i]));
    return done && write_env(files, hub);
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
    /* Fails if there are other files: these are kept. */
    if (files->is_temporary && files->path != NULL)
        (void)rmdir(files->path);
    free(files->path);
    if (files->fd >= 0)
        (void)close(files->fd);
}
