#ifndef SIM_CONNECTION_H
#define SIM_CONNECTION_H

#include "http.h"

struct bufferevent;

/* All connections of a server, and what they share. */
struct connection_list {
    struct connection *first;
    uint64_t last_serial;
    /* Answers request. It may take parts of the request, and sets response's headers, Date too. */
    void (*handle)(void *context, const struct http_peer *peer, struct http_request *request,
                   struct http_response *response);
    void *context;
};

/* Serves a client on bev, which it takes over, until either side ends it. False when out of
 * memory: bev is freed. */
bool connection_start(struct connection_list *list, struct bufferevent *bev, bool is_loopback);
/* Ends all connections at once. */
void connection_list_clear(struct connection_list *list);

#endif
