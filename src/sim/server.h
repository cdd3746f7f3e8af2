/* server: TLS connections, whose requests go to route_call(). */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "base/link.h"
#include <stdint.h>

/* Starts zeroed, with base, tls and hub set, and connections as an empty list. */
struct server {
    struct event_base *base;
    struct ssl_ctx_st *tls;
    struct hub *hub;
    struct evconnlistener *listener;
    struct link connections;
    uint64_t last_serial;
    int port;
};

/* Listens on an address, or on 127.0.0.1 if host is NULL; port 0 takes a free one. False with
 * errno set, or 0 if host is no address. */
bool server_listen(struct server *server, const char *host, const char *port);
/* Ends all connections and listens no more. */
void server_clear(struct server *server);

#endif
