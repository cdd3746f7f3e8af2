#include "client_options.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "http/tls_trust.h"
#include "hub/ids.h"

#include <stdlib.h>
#include <string.h>

enum option_kind { NUMBER, FLAG, TEXT, POINTER };

/* Every option but size, role and share, to copy, compare and free them. A text that is missing
 * here would still point to the caller's memory. */
static const struct option {
    const char *name;
    size_t offset;
    enum option_kind kind;
    bool is_of_proxy; /* a text that may hold a password: wiped once struct proxy has it */
} all[] = {
#define OPTION(name, kind, is_of_proxy)                                                            \
    {                                                                                              \
#name, offsetof(struct c2d_options, name), kind, is_of_proxy                               \
    }
    OPTION(api_version, TEXT, false),
    OPTION(connect_timeout_ms, NUMBER, false),
    OPTION(timeout_ms, NUMBER, false),
    OPTION(retries, NUMBER, false),
    OPTION(retry_budget, FLAG, false),
    OPTION(patience_ms, NUMBER, false),
    OPTION(parallel, NUMBER, false),
    OPTION(ca_file, TEXT, false),
    OPTION(ca_dir, TEXT, false),
    OPTION(ca_from_environment, FLAG, false),
    OPTION(cert_file, TEXT, false),
    OPTION(key_file, TEXT, false),
    OPTION(proxy, TEXT, true),
    OPTION(proxy_user, TEXT, true),
    OPTION(proxy_password, TEXT, true),
    OPTION(no_proxy, TEXT, false),
    OPTION(connect_to, TEXT, false),
    OPTION(tls_cache, TEXT, false),
    OPTION(cancel_fd, NUMBER, false),
    OPTION(dry_run, FLAG, false),
    OPTION(trace, FLAG, false),
    OPTION(observer, POINTER, false),
    OPTION(observer_context, POINTER, false),
#undef OPTION
};
enum { OPTIONS = sizeof all / sizeof *all };

static const void *place_of(const struct c2d_options *options, const struct option *option)
{
    return (const char *)options + option->offset;
}

static const char **text_of(struct c2d_options *options, const struct option *option)
{
    return (const char **)(void *)((char *)options + option->offset);
}

/* The struct of the first release ended with observer_context. */
static enum c2d_status check_size(const struct c2d_options *options, struct c2d_error *error)
{
    const unsigned char *bytes = (const unsigned char *)options;
    size_t first = offsetof(struct c2d_options, observer_context) + sizeof(void *);

    if (options->size < first)
        return fail(error, C2D_USAGE, "options.size is %zu: start from c2d_options_default()",
                    options->size);
    for (size_t i = sizeof *options; i < options->size; i++)
        if (bytes[i] != 0)
            return fail(error, C2D_USAGE, "an option is set that this version lacks");
    return C2D_OK;
}

enum c2d_status client_options_copy(struct c2d_options *out, const struct c2d_options *in,
                                    struct c2d_error *error)
{
    enum c2d_status status = check_size(in, error);

    if (status != C2D_OK)
        return status;
    memcpy(out, in, in->size < sizeof *out ? in->size : sizeof *out);
    for (size_t i = 0; i < OPTIONS; i++) {
        const char **text = text_of(out, &all[i]);

        if (all[i].kind != TEXT || *text == NULL)
            continue;
        *text = strdup(*text);
        /* Continues after a failure, so that each text is a copy or NULL and can be freed. */
        if (*text == NULL)
            status = fail_memory(error);
    }
    return status;
}

void client_options_clear(struct c2d_options *options)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (all[i].kind == TEXT)
            wipe_free((char *)*text_of(options, &all[i])); /* one is a password */
    *options = (struct c2d_options) { 0 };
}

static bool is_same(const struct option *option, const void *a, const void *b)
{
    static const size_t sizes[] = {
        [NUMBER] = sizeof(int), [FLAG] = sizeof(bool), [POINTER] = sizeof(void *)
    };
    const char *left, *right;

    if (option->kind != TEXT)
        return memcmp(a, b, sizes[option->kind]) == 0;
    left = *(const char *const *)a;
    right = *(const char *const *)b;
    return left == NULL || right == NULL ? left == right : strcmp(left, right) == 0;
}

enum c2d_status client_options_check_sharing(const struct c2d_options *options,
                                             const struct c2d_options *theirs,
                                             struct c2d_error *error)
{
    struct c2d_options defaults = c2d_options_default();
    enum c2d_status status = check_size(options, error);

    for (size_t i = 0; status == C2D_OK && i < OPTIONS; i++) {
        const void *ours = place_of(options, &all[i]);

        if (!all[i].is_of_proxy && !is_same(&all[i], ours, place_of(&defaults, &all[i]))
            && !is_same(&all[i], ours, place_of(theirs, &all[i])))
            status = fail(error, C2D_USAGE,
                          "options.%s differs from that of the client whose connections are shared",
                          all[i].name);
    }
    return status;
}

void client_options_wipe_proxy(struct c2d_options *options)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        if (!all[i].is_of_proxy)
            continue;
        wipe_free((char *)*text_of(options, &all[i]));
        *text_of(options, &all[i]) = NULL;
    }
}

static bool is_host_and_port(const char *text)
{
    /* An IPv6 address is in brackets. */
    bool is_address = text[0] == '[';
    size_t host = is_address ? strcspn(text, "]") + 1 : strcspn(text, ":[]");
    long long port;

    return host > (is_address ? 2 : 0) && strlen(text) > host && text[host] == ':'
           && text_to_number(text + host + 1, 65535, &port) && port > 0
           && strpbrk(text, " /@?#") == NULL;
}

static enum c2d_status check_trust(const struct c2d_options *options, struct c2d_error *error)
{
    bool from_environment = options->ca_from_environment;
    enum c2d_status status = C2D_OK;

    if (options->ca_file != NULL)
        status = tls_check_ca_file(from_environment ? "SSL_CERT_FILE" : "CA file", options->ca_file,
                                   error);
    if (status == C2D_OK && options->ca_dir != NULL)
        status = tls_check_ca_dir(from_environment ? "SSL_CERT_DIR" : "CA folder", options->ca_dir,
                                  error);
    if (status == C2D_CONFIG && from_environment)
        hint(error, "correct that environment variable, or unset it to use the system's trust "
                    "store");
    return status;
}

enum c2d_status client_options_check(const struct c2d_options *options, struct c2d_error *error)
{
    if (options->timeout_ms < 1 || options->connect_timeout_ms < 1 || options->retries < 0
        || options->parallel < 0 || options->parallel > 64 || options->patience_ms < 0
        || options->cancel_fd < -1)
        return fail(error, C2D_USAGE, "a time-out or a number is out of range");
    if (options->cancel_fd >= 0 && !file_is_open(options->cancel_fd))
        return fail(error, C2D_USAGE, "cancel_fd is %d, which is not an open descriptor",
                    options->cancel_fd);
    if (options->api_version != NULL && ids_check_value("", options->api_version, NULL) != C2D_OK)
        return fail(error, C2D_USAGE, "api_version must be printable ASCII without outer spaces");
    if (options->connect_to != NULL && !is_host_and_port(options->connect_to))
        return fail(error, C2D_USAGE, "connect_to must be HOST:PORT, not '%.60s'",
                    options->connect_to);
    return check_trust(options, error);
}
