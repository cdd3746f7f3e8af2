#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "connection.h"

struct event_base;
struct evconnlistener;
struct ssl_ctx_st;

/* A TLS server. base, tls, accepted and the members of connections are set by its maker. */
struct server {
    struct event_base *base;
    struct ssl_ctx_st *tls;
    uint64_t *accepted; /* counts connections */
    struct connection_list connections;
    struct evconnlistener *listener;
    int port;
};

/* Listens on an address, or on 127.0.0.1 if host is NULL; port 0 takes a free one. False with
 * errno set, or 0 if host is no address. */
bool server_listen(struct server *server, const char *host, const char *port);
/* Ends all connections and listens no more. */
void server_clear(struct server *server);

#endif
