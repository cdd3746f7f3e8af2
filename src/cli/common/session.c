/* Creates the client of a command: options, environment and files become struct c2d_options. Prints
 * the events of the library to stderr or the trace. */
#include "session.h"

#include "base/buf.h"
#include "base/text.h"
#include "credentials.h"
#include "dry_run.h"
#include "failure.h"
#include "output.h"
#include "report.h"
#include "status_line.h"
#include "stop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void on_event(void *context, const struct c2d_event *event)
{
    struct app *app = context;

    switch (event->kind) {
    case C2D_EVENT_ATTEMPT:
        if (event->http_status != 0)
            report_verbose(app, "%s %s: HTTP %d, %lld ms, try %u", event->method, event->path,
                           event->http_status, (long long)event->elapsed_ms, event->attempt);
        else
            report_verbose(app, "%s %s: %s, %lld ms, try %u", event->method, event->path,
                           event->text, (long long)event->elapsed_ms, event->attempt);
        break;
    case C2D_EVENT_WARNING:
        report_warning(app, "%s", event->text);
        break;
    case C2D_EVENT_TRACE:
        if (app->common.trace != NULL && strcmp(app->common.trace, "-") == 0)
            status_line_hide(app->line);
        /* Written at once, so that the trace is complete up to a crash. */
        if (output_write(app->trace_fd, event->text, event->text_size) != event->text_size)
            app->trace_failed = true;
        break;
    case C2D_EVENT_DRY_RUN:
        dry_run_print(app, event);
        break;
    }
}

static enum c2d_status fail_trace(const struct app *app, struct c2d_error *error)
{
    if (errno == EINTR)
        return C2D_CANCELLED; /* a signal while it waited for the reader of a FIFO */
    return fail(error, STATUS_CANT_CREATE, "trace '%s': %s", app->common.trace, strerror(errno));
}

/* A trace contains messages, so only its owner may read it, even if the file existed before. A
 * device, pipe or terminal keeps its mode, because others use it too. */
static enum c2d_status protect_trace(const struct app *app, int fd, struct c2d_error *error)
{
    struct stat file;

    if (fstat(fd, &file) != 0)
        return fail_trace(app, error);
    if (!S_ISREG(file.st_mode))
        return C2D_OK;
    if (file.st_uid != geteuid())
        return fail(error, STATUS_CANT_CREATE, "trace '%s' belongs to another user",
                    app->common.trace);
    /* EPERM, EINVAL: the file system has no modes. */
    if ((file.st_mode & 077) != 0 && fchmod(fd, 0600) != 0 && errno != EPERM && errno != EINVAL)
        return fail_trace(app, error);
    return C2D_OK;
}

static enum c2d_status open_trace(struct app *app, struct c2d_error *error)
{
    const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW;
    const char *path = app->common.trace;
    bool is_stderr = path != NULL && strcmp(path, "-") == 0;
    enum c2d_status status;
    int fd;

    if (path == NULL)
        return C2D_OK;
    fd = is_stderr ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, flags, 0600);
    if (fd < 0)
        return fail_trace(app, error);
    status = is_stderr ? C2D_OK : protect_trace(app, fd, error);
    if (status == C2D_OK)
        app->trace_fd = fd;
    else
        close(fd);
    return status;
}

/* Returns the value of the first variable that is set, and its name; NULL if none is. */
static const char *first_variable(const char *const *names, const char **name)
{
    for (; *names != NULL; names++) {
        const char *value = getenv(*names);

        *name = *names;
        if (value != NULL && *value != '\0')
            return value;
    }
    return NULL;
}

/* Not socks5: the proxy must resolve host names, as an HTTP proxy does. */
static bool has_proxy_scheme(const char *proxy)
{
    static const char *const schemes[] = { "http://", "https://", "socks5h://" };

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (text_begins_nocase(proxy, schemes[i]))
            return proxy[strlen(schemes[i])] != '\0';
    return false;
}

/* Reads "user:password" of --proxy-user-file and splits it in place. */
static enum c2d_status read_proxy_user(const struct app *app, char **text,
                                       struct c2d_options *options, struct c2d_error *error)
{
    enum c2d_status status;
    char *colon;

    if (app->common.proxy_user_file == NULL)
        return C2D_OK;
    status = credentials_read_file(app, app->common.proxy_user_file, 1024, text, error);
    if (status != C2D_OK)
        return status;
    (*text)[strcspn(*text, "\r\n")] = '\0';
    colon = strchr(*text, ':');
    if (colon == NULL)
        return fail(error, C2D_CONFIG, "'%s' does not hold USER:PASSWORD",
                    app->common.proxy_user_file);
    *colon = '\0';
    options->proxy_user = *text;
    options->proxy_password = colon + 1;
    return C2D_OK;
}

/* Uses --proxy, which must not contain a secret, or else the environment. */
static enum c2d_status set_proxy(const struct app *app, struct c2d_options *options,
                                 struct c2d_error *error)
{
    /* In the order of libcurl; "" counts as unset. */
    static const char *const proxies[] = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                                           NULL };
    static const char *const exceptions[] = { "no_proxy", "NO_PROXY", NULL };
    const char *proxy = app->common.proxy, *name;

    options->no_proxy = first_variable(exceptions, &name);
    if (proxy == NULL) {
        options->proxy = first_variable(proxies, &name);
        if (options->proxy != NULL)
            report_verbose(app, "proxy from the environment (%s)", name);
        return C2D_OK;
    }
    if (strchr(proxy, '@') != NULL)
        return fail_with_hint(error, C2D_USAGE,
                              "put USER:PASSWORD into a file of mode 600 and pass "
                              "--proxy-user-file FILE",
                              "--proxy takes no user or password: every user of this machine "
                              "could read it");
    options->proxy = strcmp(proxy, "none") == 0 ? NULL : proxy;
    if (options->proxy != NULL && !has_proxy_scheme(proxy))
        return fail(error, C2D_USAGE,
                    "--proxy takes http://, https:// or socks5h://HOST:PORT, or none");
    return C2D_OK;
}

static void set_trust(const struct app *app, struct c2d_options *options)
{
    const char *file = getenv("SSL_CERT_FILE"), *dir = getenv("SSL_CERT_DIR");
    struct stat status;

    if (app->common.cacert != NULL) {
        bool is_dir = stat(app->common.cacert, &status) == 0 && S_ISDIR(status.st_mode);

        *(is_dir ? &options->ca_dir : &options->ca_file) = app->common.cacert;
        return;
    }
    /* Variables of OpenSSL. Read here, because the library does not read the environment. */
    options->ca_file = file != NULL && *file != '\0' ? file : NULL;
    options->ca_dir = dir != NULL && *dir != '\0' ? dir : NULL;
    options->ca_from_environment = options->ca_file != NULL || options->ca_dir != NULL;
    if (options->ca_from_environment)
        report_verbose(app, "trust store from the environment (%s)",
                       options->ca_file != NULL ? "SSL_CERT_FILE" : "SSL_CERT_DIR");
}

static enum c2d_status check_key_file(const struct app *app, struct c2d_error *error)
{
    int fd;
    enum c2d_status status;

    if (app->common.key == NULL)
        return C2D_OK;
    fd = open(app->common.key, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return fail(error, C2D_CONFIG, "key '%s': %s", app->common.key, strerror(errno));
    status = credentials_check_file(app, app->common.key, fd, error);
    close(fd);
    return status;
}

static struct c2d_options options_of(struct app *app, const struct session_needs *needs)
{
    const struct common *common = &app->common;
    struct c2d_options options = c2d_options_default();

    options.role = app->program->role;
    options.api_version = common->api_version;
    if (common->connect_timeout_ms > 0)
        options.connect_timeout_ms = (int)common->connect_timeout_ms;
    if (common->timeout_ms > 0)
        options.timeout_ms = (int)common->timeout_ms;
    options.retries = (int)common->retries;
    options.retry_budget = needs->retry_budget;
    options.parallel = needs->parallel;
    options.patience_ms = needs->patience_ms;
    options.cert_file = common->cert;
    options.key_file = common->key;
    options.connect_to = common->connect_to;
    options.tls_cache = common->tls_cache;
    options.cancel_fd = stop_fd();
    options.dry_run = common->dry_run;
    options.trace = common->trace != NULL;
    options.observer = on_event;
    options.observer_context = app;
    set_trust(app, &options);
    return options;
}

enum c2d_status session_open(struct app *app, const struct session_needs *needs,
                             struct c2d_error *error)
{
    static const struct session_needs none;
    struct c2d_options options;
    char *connection_string = NULL, *proxy_user = NULL;
    enum c2d_status status;

    if (needs == NULL)
        needs = &none;
    options = options_of(app, needs);
    app->dry_run = (struct dry_run) { .is_silent = needs->dry_run_silent, .body = needs->body };
    status = set_proxy(app, &options, error);
    if (status == C2D_OK) {
        status = credentials_find(app, &connection_string, error);
        if (status != C2D_OK)
            fail_at(error, C2D_STEP_CONNECTION_STRING);
    }
    if (status == C2D_OK) {
        status = check_key_file(app, error);
        if (status != C2D_OK)
            fail_at(error, C2D_STEP_KEY);
    }
    if (status == C2D_OK)
        status = read_proxy_user(app, &proxy_user, &options, error);
    if (status == C2D_OK && app->common.dry_run)
        status = dry_run_begin(app, &options, error);
    if (status == C2D_OK)
        status = c2d_client_new(&app->client, connection_string, &options, error);
    wipe_free(connection_string);
    secrets_strip_proxies();
    /* Needed since wipe_free() wipes only up to the NUL between user and password. */
    if (proxy_user != NULL && options.proxy_password != NULL)
        wipe((char *)options.proxy_password, strlen(options.proxy_password));
    wipe_free(proxy_user);
    if (status == C2D_OK)
        status = open_trace(app, error);
    return status;
}

enum c2d_status session_close(struct app *app, struct c2d_error *error)
{
    c2d_client_free(app->client);
    app->client = NULL;
    dry_run_end(app);
    if (app->trace_fd > 0 && close(app->trace_fd) != 0)
        app->trace_failed = true;
    app->trace_fd = 0;
    return app->trace_failed ? fail(error, STATUS_IO, "the trace was not fully written") : C2D_OK;
}
