/* The object behind the public operations, and how tests put a world of their own around it. */
#ifndef CLIENT_H
#define CLIENT_H

#include "exchange.h"
#include "http/proxy.h"
#include "http/tls.h"
#include "hub/connstr.h"

/* What clients that were made to share it have in common. */
struct wiring {
    size_t clients;
    char *host; /* HOST[:PORT]: the transport borrows it, whichever client goes first */
    struct exchange exchange;
    struct hub_clock hub_clock;
    struct retry_budget budget; /* what exchange.terms.budget points to, if it is wanted */
    struct c2d_options options; /* its texts are ours */
    struct proxy proxy;
    struct tls_certificate certificate; /* the client's own; zeroed: it has none */
};

/* Small: there may be ten thousand of them. */
struct c2d_client {
    struct credentials credentials;
    struct signer signer;
    struct wiring *wiring;
    struct link calls; /* submitted, and not handed out yet */
};

/* As c2d_client_new(), over this transport, which the client destroys (also on failure), and by
 * this clock. */
enum c2d_status client_new_over(struct c2d_client **client, const char *connection_string,
                                const struct c2d_options *options,
                                const struct http_transport *transport, const struct clock *clock,
                                struct c2d_error *error);

#endif
