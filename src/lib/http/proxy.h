/* The proxy on the way to the hub, taken apart once: errors name it without its password, and
 * whether one is in use is known beforehand and not guessed from what went wrong. */
#ifndef PROXY_H
#define PROXY_H

#include "base/buf.h"
#include "c2d.h"

struct proxy {
    char name[300];    /* scheme://host:port; "": the hub is reached without one */
    struct buf secret; /* "user:password", percent-encoded; empty: none was given */
};

/* What options say of the way to host_name (no port). C2D_CONFIG when their proxy is none that can
 * be used. proxy is zeroed before, and to be cleared in any case. */
enum c2d_status proxy_choose(struct proxy *proxy, const struct c2d_options *options,
                             const char *host_name, struct c2d_error *error);
/* Is there a password, and not a user name alone? */
bool proxy_has_password(const struct proxy *proxy);
void proxy_clear(struct proxy *proxy);

#endif
