/* Finds the connection string, and wipes it from memory. The library parses it. */
#include "credentials.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"

#include "encoding.h"
#include "failure.h"
#include "input.h"
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

enum { SECRET_LIMIT = 4096 + 2 }; /* including a newline */

/* Overwrites the value in place, because /proc/PID/environ shows it, and unsets the variable. */
static void wipe_variable(const char *name)
{
    char *value = getenv(name);

    if (value != NULL)
        wipe(value, strlen(value));
    unsetenv(name);
}

bool secrets_take(struct secrets *secrets, const struct program *program)
{
    struct rlimit no_core;
    const char *value = getenv(program->variable);
    bool ok = true;

    *secrets = (struct secrets) { 0 };
    /* A core or a debugger would show the key. A failure is harmless. The hard limit stays, so that
     * a handler may write cores. */
    (void)getrlimit(RLIMIT_CORE, &secrets->core);
    no_core = (struct rlimit) { 0, secrets->core.rlim_max };
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (value != NULL && *value != '\0') {
        secrets->connection_string = strdup(value);
        ok = secrets->connection_string != NULL;
    }
    /* Both variables for both programs: a child must see neither. */
    wipe_variable("IOTHUB_CONNECTION_STRING");
    wipe_variable("IOTHUB_DEVICE_CONNECTION_STRING");
    unsetenv("SSLKEYLOGFILE"); /* libcurl would write the secrets of the TLS session to that file */
    return ok;
}

static bool is_proxy_variable(const char *item)
{
    static const char *const names[] = { "http_proxy=", "https_proxy=", "all_proxy=" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (text_begins_nocase(item, names[i]))
            return true;
    return false;
}

void secrets_strip_proxies(void)
{
    for (char **item = environ; *item != NULL; item++) {
        char *host = is_proxy_variable(*item) ? strrchr(*item, '@') : NULL;
        char *value, *scheme;
        size_t size;

        if (host == NULL)
            continue;
        value = strchr(*item, '=') + 1;
        scheme = strstr(value, "://");
        if (scheme != NULL && scheme < host)
            value = scheme + strlen("://");
        /* In place: /proc/PID/environ shows the original memory. */
        size = strlen(host + 1);
        memmove(value, host + 1, size);
        wipe(value + size, (size_t)(host + 1 - value));
    }
}

void secrets_restore_limits(const struct secrets *secrets)
{
    (void)setrlimit(RLIMIT_CORE, &secrets->core);
}

void secrets_clear(struct secrets *secrets)
{
    wipe_free(secrets->connection_string);
    *secrets = (struct secrets) { 0 };
}

enum c2d_status credentials_check_file(const struct app *app, const char *path, int fd,
                                       struct c2d_error *error)
{
    struct stat status;
    const char *why;
    char *word, fix[512];

    /* By descriptor, so that the checked file is the one that is read. */
    if (fstat(fd, &status) != 0)
        return fail(error, C2D_CONFIG, "'%s': %s", path, strerror(errno));
    /* Refuses only what the user can fix: no FIFO, and no file of another user. */
    if (!S_ISREG(status.st_mode) || (status.st_mode & 077) == 0)
        return C2D_OK;
    why = status.st_uid != geteuid() ? "it belongs to another user" : file_modes_fixed(fd);
    if (why != NULL) {
        report_verbose(app, "'%s' holds a secret and others may read it; it is used, since %s",
                       path, why);
        return C2D_OK;
    }
    word = text_shell_word(path);
    snprintf(fix, sizeof fix, "chmod 600 %s", word != NULL ? word : "FILE");
    free(word);
    return fail_with_hint(error, C2D_AUTH, fix, "'%s' holds a secret and others may read it", path);
}

/* Reads fd until its end, at most limit bytes. The caller frees *text. */
static enum c2d_status read_secret(const char *path, int fd, size_t limit, char **text,
                                   struct c2d_error *error)
{
    /* One extra byte to detect a longer file, and one for the NUL. */
    char *data = calloc(limit + 2, 1);
    size_t size = 0;
    enum c2d_status status;

    if (data == NULL)
        return fail_memory(error);
    status = input_read(fd, data, limit + 1, &size);
    if (status == STATUS_NO_INPUT)
        status = fail(error, C2D_CONFIG, "'%s': %s", path, strerror(errno));
    else if (status == C2D_OK && size > limit)
        status = fail(error, C2D_CONFIG, "'%s' holds more than %zu bytes", path, limit);
    else if (status == C2D_OK && encoding_is_utf16(data, size))
        status = fail_with_hint(error, C2D_CONFIG, "convert it: iconv -f UTF-16 -t UTF-8",
                                "'%s' is UTF-16 text, and must be UTF-8", path);
    else if (status == C2D_OK && encoding_mark(data, size) > 0)
        status = fail_with_hint(error, C2D_CONFIG, "save it as UTF-8 without that mark",
                                "'%s' begins with a byte order mark (U+FEFF)", path);
    else if (status == C2D_OK && memchr(data, '\0', size) != NULL)
        status = fail(error, C2D_CONFIG, "'%s' holds a NUL byte", path);
    if (status == C2D_OK) {
        *text = data;
        return C2D_OK;
    }
    wipe(data, limit + 2);
    free(data);
    return status;
}

enum c2d_status credentials_read_file(const struct app *app, const char *path, size_t limit,
                                      char **text, struct c2d_error *error)
{
    int fd;
    enum c2d_status status = input_open(path, &fd);

    *text = NULL;
    if (fd < 0 && strstr(path, "SharedAccess") != NULL)
        return fail_with_hint(error, C2D_USAGE, "put it into a file of mode 600 and pass -C FILE",
                              "-C takes a file, not the connection string itself: every user of "
                              "this machine could read it");
    if (status == STATUS_NO_INPUT)
        return fail(error, C2D_CONFIG, "'%s': %s", path, strerror(errno));
    if (status == C2D_OK && fd != STDIN_FILENO)
        status = credentials_check_file(app, path, fd, error);
    if (status == C2D_OK)
        status = read_secret(path, fd, limit, text, error);
    input_close(fd);
    return status;
}

/* Joins "<first><second>/<third>" if first is set; else "". */
static void join(char *out, size_t size, const char *first, const char *second, const char *third)
{
    if (first == NULL || *first == '\0'
        || (size_t)snprintf(out, size, "%s%s/%s", first, second, third) >= size)
        out[0] = '\0';
}

static void lower(char *out, size_t size, const char *text)
{
    size_t i = 0;

    for (; i + 1 < size && text[i] != '\0'; i++)
        out[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
    out[i] = '\0';
}

static enum c2d_status fail_none(const struct app *app, const char *config_path,
                                 struct c2d_error *error)
{
    char sources[512];

    snprintf(sources, sizeof sources,
             "pass -C FILE, or set %s, or put it into %.200s%s (mode 600), or use systemd's "
             "LoadCredential",
             app->program->variable, *config_path != '\0' ? config_path : "$XDG_CONFIG_HOME/c2d/",
             *config_path != '\0' ? "" : app->program->file);
    return fail_with_hint(error, C2D_CONFIG, sources, "no connection string was found");
}

enum c2d_status credentials_find(struct app *app, char **connection_string, struct c2d_error *error)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *file = NULL;
    char name[64], credential_path[4096], config_path[4096];

    *connection_string = NULL;
    lower(name, sizeof name, app->program->variable);
    join(credential_path, sizeof credential_path, getenv("CREDENTIALS_DIRECTORY"), "", name);
    if (config != NULL && *config != '\0')
        join(config_path, sizeof config_path, config, "/c2d", app->program->file);
    else
        join(config_path, sizeof config_path, getenv("HOME"), "/.config/c2d", app->program->file);

    /* The first source wins. If it is unusable, the command fails and the next is not tried. */
    if (app->common.connection_file != NULL)
        file = app->common.connection_file;
    else if (app->secrets->connection_string != NULL)
        *connection_string = app->secrets->connection_string;
    else if (*credential_path != '\0' && access(credential_path, F_OK) == 0)
        file = credential_path;
    else if (*config_path != '\0' && access(config_path, F_OK) == 0)
        file = config_path;
    else
        return fail_none(app, config_path, error);

    /* The caller owns the string now, or a file replaces it. */
    if (file != NULL)
        wipe_free(app->secrets->connection_string);
    app->secrets->connection_string = NULL;
    if (file == NULL)
        snprintf(app->source, sizeof app->source, "the environment (%s)", app->program->variable);
    else if (strstr(file, "SharedAccess") == NULL) /* else file is the string itself */
        snprintf(app->source, sizeof app->source, "%.250s", file);
    if (app->source[0] != '\0')
        report_verbose(app, "connection string from %s", app->source);
    return file == NULL ? C2D_OK
                        : credentials_read_file(app, file, SECRET_LIMIT, connection_string, error);
}
