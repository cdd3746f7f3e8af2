/* Reads a proxy URL leniently, and a NO_PROXY list as most programs do. */
#include "proxy.h"

#include "base/error.h"
#include "base/text.h"
#include "url.h"

#include <stdio.h>
#include <string.h>

/* The schemes of libcurl, with its default ports. */
static const struct scheme {
    const char *name;
    int port;
} schemes[] = {
    { "http", 1080 },   { "https", 443 },    { "socks5h", 1080 },
    { "socks5", 1080 }, { "socks4a", 1080 }, { "socks4", 1080 },
};

static const struct scheme *find_scheme(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strlen(schemes[i].name) == size && text_begins_nocase(name, schemes[i].name))
            return &schemes[i];
    return NULL;
}

/* An IPv6 address is in brackets, to distinguish its colons from that of the port. */
static bool is_host(const char *host)
{
    size_t size = strlen(host);

    for (size_t i = 0; i < size; i++)
        if (!byte_is_plain((unsigned char)host[i]))
            return false;
    if (host[0] == '[')
        return size > 2 && strcspn(host, "]") == size - 1;
    return size > 0 && strpbrk(host, " :?#[]") == NULL;
}

/* Reads HOST[:PORT][/] into proxy->name. */
static bool set_name(struct proxy *proxy, const struct scheme *scheme, const char *address)
{
    char host[256];
    size_t size = strcspn(address, "/");
    long long port = scheme->port;
    char *colon;

    if (size >= sizeof host || (address[size] == '/' && address[size + 1] != '\0'))
        return false;
    memcpy(host, address, size);
    host[size] = '\0';
    colon = strrchr(host, ':');
    if (colon != NULL && strchr(colon, ']') == NULL) {
        *colon = '\0';
        if (!text_to_number(colon + 1, 65535, &port) || port == 0)
            return false;
    }
    snprintf(proxy->name, sizeof proxy->name, "%s://%s:%lld", scheme->name, host, port);
    return is_host(host);
}

/* [SCHEME://][USER[:PASSWORD]@]HOST[:PORT][/] */
static bool read_url(struct proxy *proxy, const char *url)
{
    const char *mark = strstr(url, "://");
    const char *rest = mark == NULL ? url : mark + 3;
    const struct scheme *scheme =
        mark == NULL ? &schemes[0] : find_scheme(url, (size_t)(mark - url));
    /* The last one: a password may hold "@" that was not encoded. */
    const char *at = strrchr(rest, '@');

    if (scheme == NULL || !set_name(proxy, scheme, at == NULL ? rest : at + 1))
        return false;
    return at == NULL || buf_append(&proxy->secret, rest, (size_t)(at - rest));
}

/* True if host is domain (of size bytes), or below it. */
static bool is_below(const char *host, const char *domain, size_t size)
{
    size_t host_size = strlen(host);
    const char *tail;

    if (size > host_size)
        return false;
    tail = host + host_size - size;
    return text_begins_nocase(domain, tail) && (tail == host || tail[-1] == '.');
}

/* True if host is in list: names separated by commas or blanks, each with all names below it. "*"
 * is every host. */
static bool is_listed(const char *list, const char *host)
{
    for (list += strspn(list, ", \t"); *list != '\0'; list += strspn(list, ", \t")) {
        size_t size = strcspn(list, ", \t");
        size_t skip = strspn(list, "*."); /* ".net" and "*.net" are both in use */

        if (skip == size ? *list == '*' : is_below(host, list + skip, size - skip))
            return true;
        list += size;
    }
    return false;
}

enum c2d_status proxy_choose(struct proxy *proxy, const struct c2d_options *options,
                             const char *host_name, struct c2d_error *error)
{
    if (options->proxy == NULL || *options->proxy == '\0'
        || (options->no_proxy != NULL && is_listed(options->no_proxy, host_name)))
        return C2D_OK;
    if (!read_url(proxy, options->proxy) && !proxy->secret.failed) {
        hint(error, "a proxy address is [http://]HOST:PORT, https://HOST:PORT or "
                    "socks5h://HOST:PORT");
        /* The address is not quoted: it may hold a password. */
        return fail(error, C2D_CONFIG, "the proxy address is not valid");
    }
    /* These override credentials in the URL. */
    if (options->proxy_user != NULL) {
        buf_clear(&proxy->secret);
        url_append_escaped(&proxy->secret, options->proxy_user);
        buf_byte(&proxy->secret, ':');
        url_append_escaped(&proxy->secret,
                           options->proxy_password == NULL ? "" : options->proxy_password);
    }
    return proxy->secret.failed ? fail_memory(error) : C2D_OK;
}

bool proxy_has_password(const struct proxy *proxy)
{
    const char *colon = proxy->secret.size == 0 ? NULL : strchr(proxy->secret.data, ':');

    return colon != NULL && colon[1] != '\0';
}

void proxy_clear(struct proxy *proxy)
{
    buf_clear(&proxy->secret);
    *proxy = (struct proxy) { 0 };
}
