#include "client_options.h"

#include "buf.h"
#include "ids.h"
#include "status.h"
#include "text.h"
#include "tls.h"

#include <stdlib.h>
#include <string.h>

struct c2d_options c2d_options_default(void)
{
    return (struct c2d_options) {
        .connect_timeout_ms = 10000,
        .timeout_ms = 60000,
        .retries = 3,
        .parallel = 1,
        .cancel_fd = -1,
    };
}

enum { OPTION_TEXTS = 11 };

/* Every text among the options, for copying and freeing alike: one that is left out here would
 * still be the caller's. */
static void option_texts(struct c2d_options *options, const char **texts[OPTION_TEXTS])
{
    const char **all[] = {
        &options->api_version, &options->ca_file,    &options->ca_dir,     &options->cert_file,
        &options->key_file,    &options->proxy,      &options->proxy_user, &options->proxy_password,
        &options->no_proxy,    &options->connect_to, &options->tls_cache,
    };

    memcpy(texts, all, sizeof all);
}

enum c2d_status client_options_copy(struct c2d_options *out, const struct c2d_options *in,
                                    struct c2d_error *error)
{
    const char **texts[OPTION_TEXTS];
    bool ok = true;

    *out = *in;
    option_texts(out, texts);
    for (size_t i = 0; i < OPTION_TEXTS; i++) {
        if (*texts[i] == NULL)
            continue;
        *texts[i] = strdup(*texts[i]);
        /* Goes on after a failure: every text is then ours or NULL, and all may be freed. */
        ok = ok && *texts[i] != NULL;
    }
    return ok ? C2D_OK : fail_memory(error);
}

void client_options_clear(struct c2d_options *options)
{
    const char **texts[OPTION_TEXTS];

    option_texts(options, texts);
    for (size_t i = 0; i < OPTION_TEXTS; i++)
        wipe_free((char *)*texts[i]); /* ours since client_options_copy(); one is a password */
    *options = (struct c2d_options) { 0 };
}

void client_options_forget_proxy(struct c2d_options *options)
{
    const char **texts[] = { &options->proxy, &options->proxy_user, &options->proxy_password };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        wipe_free((char *)*texts[i]);
        *texts[i] = NULL;
    }
}

static bool is_host_and_port(const char *text)
{
    /* The last one: the host may be an IPv6 address in brackets. */
    const char *colon = strrchr(text, ':');
    long long port;

    return colon != NULL && colon != text && text_to_number(colon + 1, 65535, &port) && port > 0
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
        hint(error, "correct that variable of the environment, or unset it: then the system's "
                    "trust store is used");
    return status;
}

enum c2d_status client_options_check(const struct c2d_options *options, struct c2d_error *error)
{
    if (options->timeout_ms < 1 || options->connect_timeout_ms < 1 || options->retries < 0
        || options->parallel < 0 || options->parallel > 64 || options->patience_ms < 0)
        return fail(error, C2D_USAGE, "a time-out or a number is out of range");
    if (options->api_version != NULL && value_check("", options->api_version, NULL) != C2D_OK)
        return fail(error, C2D_USAGE, "--api-version takes printable ASCII without outer spaces");
    if (options->connect_to != NULL && !is_host_and_port(options->connect_to))
        return fail(error, C2D_USAGE, "--connect-to takes HOST:PORT, not '%.60s'",
                    options->connect_to);
    return check_trust(options, error);
}
