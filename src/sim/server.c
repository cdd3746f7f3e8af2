/* Accepts connections, reads the requests of each one after the other, and sends the responses. A
 * connection is freed only at the end of a callback: until then its state is DONE. */
#define _GNU_SOURCE /* getaddrinfo's flags */
#include "server.h"
#include "call.h"
#include "routes.h"
#include "tls.h"
#include "util.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* INPUT_MAX: one complete request and the start of the next, in bytes. */
enum { INPUT_MAX = HTTP_HEAD_MAX + HTTP_BODY_MAX + 4096, IDLE_S = 300, LINGER_MS = 2000 };

struct connection {
    struct link link;
    struct server *server;
    struct bufferevent *bev;
    struct evbuffer *input;  /* bev's */
    struct evbuffer *output; /* bev's */
    struct evbuffer *unsent; /* the part of a response that bev does not have yet */
    struct event *timer;
    enum {
        READING,   /* reads a request, or waits for the next one */
        WAITING,   /* delays a response */
        SENDING,   /* sends a response; the next request must wait */
        LINGERING, /* our side is closed. Discards input: after unread bytes the kernel would
                      send RST, and the client could lose the response */
        DONE,
    } state;
    size_t searched; /* bytes of input that contain no end of a head */
    struct call call;
};

static void connection_free(struct connection *connection)
{
    link_remove(&connection->link);
    http_request_clear(&connection->call.request);
    evbuffer_free(connection->call.response.headers);
    evbuffer_free(connection->call.response.body);
    evbuffer_free(connection->unsent);
    event_free(connection->timer);
    bufferevent_free(connection->bev);
    free(connection);
}

static void set_timer(struct connection *connection, int64_t after_ms)
{
    struct timeval after = { .tv_sec = (time_t)(after_ms / 1000),
                             .tv_usec = (suseconds_t)(after_ms % 1000 * 1000) };

    if (evtimer_add(connection->timer, &after) != 0)
        connection->state = DONE;
}

/* Closes our side of the connection, as send_options say. */
static void finish(struct connection *connection)
{
    static const struct linger by_reset = { .l_onoff = 1, .l_linger = 0 };
    const struct http_send_options *options = &connection->call.response.send_options;
    int fd = bufferevent_getfd(connection->bev);

    connection->state = DONE;
    if (options->reset)
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &by_reset, sizeof by_reset);
    else if (!options->bare_close && !options->drop) {
        (void)SSL_shutdown(bufferevent_openssl_get_ssl(connection->bev));
        ERR_clear_error();           /* its errors would be attributed to another connection */
        (void)shutdown(fd, SHUT_WR); /* both may fail on a dead socket: it is closed later */
        connection->state = LINGERING;
        evbuffer_drain(connection->input, SIZE_MAX);
        set_timer(connection, LINGER_MS);
    }
}

/* Gives bev the next part of the response. After the last part, closes the connection or reads the
 * next request. */
static void send_next(struct connection *connection)
{
    const struct http_send_options *options = &connection->call.response.send_options;

    connection->state = SENDING;
    if (options->drop)
        evbuffer_drain(connection->unsent, SIZE_MAX);
    if (evbuffer_get_length(connection->unsent) > 0)
        (void)evbuffer_remove_buffer(connection->unsent, connection->output,
                                     options->trickle ? 1 : SIZE_MAX);
    else if (options->close || options->drop || options->unframed || options->cut_after >= 0)
        finish(connection);
    else
        connection->state = READING;
}

static void respond(struct connection *connection)
{
    struct call *call = &connection->call;
    struct evbuffer *wire = evbuffer_new();
    int64_t cut_after;

    http_response_reset(&call->response);
    route_call(connection->server->hub, call);
    http_response_write(&call->response, strcmp(call->request.method, "HEAD") == 0, wire);
    cut_after = call->response.send_options.cut_after;
    evbuffer_remove_buffer(wire, connection->unsent, cut_after < 0 ? SIZE_MAX : (size_t)cut_after);
    evbuffer_free(wire);
    http_request_clear(&call->request);
    connection->searched = 0;
    connection->state = WAITING;
    if (call->response.send_options.delay_ms > 0)
        set_timer(connection, call->response.send_options.delay_ms);
    else
        send_next(connection);
}

/* Removes size bytes from input and returns them with a NUL, the caller's to free(). */
static char *take_input(struct connection *connection, size_t size)
{
    char *data = memory_new(size + 1);

    (void)evbuffer_remove(connection->input, data, size); /* the caller knows that input has them */
    return data;
}

/* Reads and parses a head of at most HTTP_HEAD_MAX bytes, its empty line included. False if it is
 * incomplete. */
static bool read_head(struct connection *connection)
{
    struct http_request *request = &connection->call.request;
    size_t size = evbuffer_get_length(connection->input);
    struct evbuffer_ptr from;
    struct evbuffer_ptr end;

    if (evbuffer_ptr_set(connection->input, &from, connection->searched, EVBUFFER_PTR_SET) != 0)
        return false;
    end = evbuffer_search(connection->input, "\r\n\r\n", 4, &from);
    if (end.pos < 0 && size <= HTTP_HEAD_MAX) {
        connection->searched = size > 3 ? size - 3 : 0; /* the end may be split */
        return false;
    }
    size = end.pos >= 0 && end.pos + 4 <= HTTP_HEAD_MAX ? (size_t)end.pos + 4 : 0;
    http_request_parse(request, take_input(connection, size), size);
    if (size == 0)
        request->problem = 431;
    if (request->expects_continue && evbuffer_get_length(connection->input) == 0)
        (void)bufferevent_write(connection->bev, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    return true;
}

/* Does what is possible now: called for new input, for empty output and for timers. */
static void advance(struct connection *connection)
{
    struct http_request *request = &connection->call.request;

    if (connection->state == LINGERING)
        evbuffer_drain(connection->input, SIZE_MAX);
    if (connection->state == SENDING && evbuffer_get_length(connection->output) == 0)
        send_next(connection);
    while (connection->state == READING && (request->head != NULL || read_head(connection))
           && evbuffer_get_length(connection->input) >= request->body_size) {
        request->body = take_input(connection, request->body_size);
        respond(connection);
    }
    if (connection->state == DONE)
        connection_free(connection);
}

static void on_ready(struct bufferevent *bev, void *context)
{
    (void)bev;
    advance(context);
}

static void on_event(struct bufferevent *bev, short events, void *context)
{
    struct connection *connection = context;

    if ((events & BEV_EVENT_CONNECTED) != 0) {
        connection->call.ssl = bufferevent_openssl_get_ssl(bev);
        tls_thumbprints(connection->call.ssl, connection->call.sha1, connection->call.sha256);
    } else if ((events & BEV_EVENT_TIMEOUT) != 0 && connection->state == WAITING) {
        (void)bufferevent_enable(bev, EV_READ | EV_WRITE); /* a delay may exceed IDLE_S */
    } else {
        connection_free(connection);
    }
}

static void on_timer(evutil_socket_t fd, short events, void *context)
{
    struct connection *connection = context;

    (void)fd;
    (void)events;
    if (connection->state == WAITING)
        send_next(connection);
    else
        connection->state = DONE;
    advance(connection);
}

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
    static const struct timeval idle = { .tv_sec = IDLE_S };
    struct server *server = context;
    struct connection *connection;
    SSL *ssl = SSL_new(server->tls);
    struct bufferevent *bev =
        ssl == NULL
            ? NULL
            : bufferevent_openssl_socket_new(server->base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING,
                                             BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    int on = 1;

    (void)listener;
    (void)address_size;
    if (bev == NULL) {
        SSL_free(ssl);
        (void)evutil_closesocket(fd);
        return;
    }
    /* Responses are written whole: Nagle's algorithm would only delay them by 40 ms. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection = memory_new(sizeof *connection);
    connection->server = server;
    connection->bev = bev;
    connection->input = bufferevent_get_input(bev);
    connection->output = bufferevent_get_output(bev);
    connection->unsent = evbuffer_new();
    connection->timer = evtimer_new(server->base, on_timer, connection);
    connection->call.response.headers = evbuffer_new();
    connection->call.response.body = evbuffer_new();
    connection->call.connection = ++server->last_serial;
    connection->call.is_loopback = is_loopback(address);
    link_append(&server->connections, &connection->link);
    server->hub->connections++;
    bufferevent_setcb(bev, on_ready, on_ready, on_event, connection);
    bufferevent_setwatermark(bev, EV_READ, 0, INPUT_MAX);
    if (bufferevent_set_timeouts(bev, &idle, &idle) != 0
        || bufferevent_enable(bev, EV_READ | EV_WRITE) != 0)
        connection_free(connection);
}

/* Most likely there are no file descriptors left. The connection stays pending, so the pause keeps
 * the loop from spinning. */
static void on_accept_error(struct evconnlistener *listener, void *context)
{
    static const struct timespec pause = { .tv_nsec = 10000000 };

    (void)listener;
    (void)context;
    (void)nanosleep(&pause, NULL);
}

bool server_listen(struct server *server, const char *host, const char *port)
{
    const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                    .ai_socktype = SOCK_STREAM };
    struct addrinfo *info = NULL;
    struct sockaddr_in6 address = { 0 };
    socklen_t size = sizeof address;

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
    if (getsockname(evconnlistener_get_fd(server->listener), (struct sockaddr *)&address, &size)
        != 0)
        return false;
    server->port = ntohs(address.sin6_port); /* at the same offset as sin_port */
    return true;
}

void server_clear(struct server *server)
{
    if (server->listener != NULL)
        evconnlistener_free(server->listener);
    server->listener = NULL;
    /* Newest first. */
    for (struct link *link = server->connections.previous, *previous; link != &server->connections;
         link = previous) {
        previous = link->previous;
        connection_free(LINK_OWNER(link, struct connection, link));
    }
}
