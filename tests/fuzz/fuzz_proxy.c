/* Input: three lines: the address of a proxy, a NO_PROXY list, and a user name (may be missing). */
#include "check.h"
#include "http/proxy.h"
#include "http/url.h"

#include <stdlib.h>
#include <string.h>

/* Cuts the text after *next at its newline. Returns NULL if there is none left. */
static char *next_line(char **next)
{
    char *line = *next;
    char *newline = line == NULL ? NULL : strchr(line, '\n');

    *next = newline == NULL ? NULL : newline + 1;
    if (newline != NULL)
        *newline = '\0';
    return line;
}

static void check_proxy(const struct proxy *proxy, const struct c2d_options *options)
{
    const char *at = strrchr(options->proxy, '@');

    if (*proxy->name == '\0') /* the host is on the list, or there is no proxy */
        return;
    check_line(proxy->name);
    CHECK(strstr(proxy->name, "://") != NULL && strrchr(proxy->name, ':') != NULL);
    if (at != NULL && strstr(at, CANARY_START) == NULL)
        check_no_canary(proxy->name);
    if (options->proxy_user != NULL) {
        char *user = malloc(proxy->secret.size + 1);

        CHECK(user != NULL && !proxy_has_password(proxy));
        CHECK(url_unescape(proxy->secret.data, proxy->secret.size - 1, user));
        CHECK(strcmp(user, options->proxy_user) == 0);
        free(user);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = input_text(data, size), *next = text;
    struct c2d_options options = { 0 };
    struct proxy proxy = { 0 };
    struct c2d_error error = { 0 };

    options.proxy = next_line(&next);
    options.no_proxy = next_line(&next);
    options.proxy_user = next_line(&next);
    if (proxy_choose(&proxy, &options, "hub.azure-devices.net", &error) == C2D_OK) {
        check_proxy(&proxy, &options);
    } else {
        CHECK(error.status == C2D_CONFIG);
        check_error(&error);
    }
    proxy_clear(&proxy);
    free(text);
    return 0;
}
