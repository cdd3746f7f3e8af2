/* The client, and how tests replace its transport and clock. */
#ifndef CLIENT_H
#define CLIENT_H

#include "exchange.h"
#include "http/proxy.h"
#include "http/tls.h"
#include "hub/connstr.h"

/* What clients that share connections (options.share) have in common. */
struct shared {
    size_t clients;
    char *host; /* HOST[:PORT], borrowed by the transport */
    struct exchange exchange;
    struct hub_clock hub_clock;
    struct retry_budget budget; /* used through exchange.terms.budget, if options want one */
    struct c2d_options options; /* with copies of the texts */
    struct proxy proxy;
    struct tls_certificate certificate; /* the client's own; zeroed: none */
};

/* Kept small: there may be ten thousand. */
struct c2d_client {
    struct credentials credentials;
    struct signer signer;
    struct shared *shared;
    struct link calls; /* submitted, and not returned yet */
};

struct exchange *client_exchange(const struct c2d_client *client);

/* As c2d_client_new(), with this transport and clock. The client destroys the transport, also on
 * failure. */
enum c2d_status client_new_over(struct c2d_client **client, const char *connection_string,
                                const struct c2d_options *options,
                                const struct http_transport *transport, const struct clock *clock,
                                struct c2d_error *error);

#endif
