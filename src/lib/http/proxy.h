/* The proxy of a client, parsed once, so that errors can name it without its password. */
#ifndef PROXY_H
#define PROXY_H

#include "base/buf.h"
#include "c2d.h"

struct proxy {
    char name[300];    /* scheme://host:port; "": no proxy */
    struct buf secret; /* "user:password", percent-encoded; empty: no credentials */
};

/* Fills in proxy, which is zeroed, with the proxy of options for host_name (without port). Returns
 * C2D_CONFIG if the proxy address is not valid. The caller clears proxy in any case. */
enum c2d_status proxy_choose(struct proxy *proxy, const struct c2d_options *options,
                             const char *host_name, struct c2d_error *error);
/* True if there is a password, not only a user name. */
bool proxy_has_password(const struct proxy *proxy);
void proxy_clear(struct proxy *proxy);

#endif
