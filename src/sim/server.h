/* The TLS server. Passes each request to route_call(). */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "base/link.h"
#include <stdint.h>

/* Zeroed at first, but for base, tls and hub, and the empty list of connections. */
struct server {
    struct event_base *base;
    struct ssl_ctx_st *tls;
    struct hub *hub;
    struct evconnlistener *listener;
    struct link connections;
    uint64_t last_serial;
    int port;
};

/* Listens on host, an IP address (NULL: 127.0.0.1). Port 0 selects a free port. False with errno
 * set; errno is 0 if host is not an IP address. */
bool server_listen(struct server *server, const char *host, const char *port);
/* Closes all connections and stops listening. */
void server_clear(struct server *server);

#endif
