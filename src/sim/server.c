/* server: accepts connections and sets TLS before them. */
#define _GNU_SOURCE /* getaddrinfo's flags */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_loopback(const struct sockaddr *address)
{
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;

    if (address->sa_family == AF_INET)
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    return address->sa_family == AF_INET6
           && (IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127));
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int address_size, void *context)
{
    struct server *server = context;
    struct bufferevent *bev = NULL;
    SSL *ssl = SSL_new(server->tls);
    int on = 1;

    (void)listener;
    (void)address_size;
    if (ssl != NULL)
        bev = bufferevent_openssl_socket_new(server->base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING,
                                             BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    if (bev == NULL) {
        SSL_free(ssl);
        (void)close(fd);
        return;
    }
    /* Answers are written whole: to wait for more would only cost 40 ms. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connection_start(&server->connections, bev, is_loopback(address)))
        ++*server->accepted;
}

static void on_pause_over(evutil_socket_t fd, short events, void *context)
{
    struct server *server = context;

    (void)fd;
    (void)events;
    if (server->listener != NULL)
        (void)evconnlistener_enable(server->listener);
}

/* Out of file descriptors, most likely: the connections at hand go on and the next one waits;
 * asking again at once would only turn the loop hot. */
static void on_accept_error(struct evconnlistener *listener, void *context)
{
    static const struct timeval pause = { .tv_usec = 100000 };
    struct server *server = context;

    if (event_base_once(server->base, -1, EV_TIMEOUT, on_pause_over, server, &pause) == 0)
        (void)evconnlistener_disable(listener);
}

/* False with errno set. */
static bool note_port(struct server *server)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = { .v6 = { 0 } };
    socklen_t size = sizeof address;

    if (getsockname(evconnlistener_get_fd(server->listener), &address.any, &size) != 0)
        return false;
    server->port =
        ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
    return true;
}

bool server_listen(struct server *server, const char *host, const char *port)
{
    const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                    .ai_socktype = SOCK_STREAM };
    struct addrinfo *info = NULL;

    errno = 0;
    if (getaddrinfo(host != NULL ? host : "127.0.0.1", port, &hints, &info) != 0)
        return false;
    server->listener =
        evconnlistener_new_bind(server->base, on_accept, server,
                                LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
                                1024, info->ai_addr, (int)info->ai_addrlen);
    freeaddrinfo(info);
    if (server->listener == NULL)
        return false;
    evconnlistener_set_error_cb(server->listener, on_accept_error);
    return note_port(server);
}

void server_clear(struct server *server)
{
    if (server->listener != NULL)
        evconnlistener_free(server->listener);
    server->listener = NULL;
    connection_list_clear(&server->connections);
}
