/* connection: one client's requests, one after the other: read whole, handed on, answered in the
 * manner that the answer asks for. Callbacks mark a connection as done; only their ends free it. */
#include "connection.h"

#include "tls.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    INPUT_MAX = HTTP_HEAD_MAX + HTTP_BODY_MAX + 4096,
    OUTPUT_MAX = 1 << 20, /* more is owed to a client that reads nothing: it gets no further */
    IDLE_S = 300,
    LINGER_S = 2,
};

enum state {
    STATE_READING,   /* a request comes in, or the next one is awaited */
    STATE_WAITING,   /* an answer is being delayed */
    STATE_TRICKLING, /* an answer goes out byte by byte */
    STATE_FLUSHING,  /* the last answer goes out */
    STATE_LINGERING, /* our side is closed: what the client still sends is thrown away, because
                        unread bytes would make the kernel reset the answer */
    STATE_DONE,
};

struct connection {
    struct connection *next;
    struct connection **link; /* what points here */
    struct connection_list *list;
    struct bufferevent *bev;
    struct event *timer;
    struct http_peer peer;
    enum state state;
    size_t searched; /* bytes of input known to hold no end of a head */
    bool has_head;
    struct http_request request;
    struct evbuffer *answer; /* not yet given to bev */
    struct http_manner manner;
};

static void connection_free(struct connection *connection)
{
    *connection->link = connection->next;
    if (connection->next != NULL)
        connection->next->link = connection->link;
    http_request_clear(&connection->request);
    if (connection->timer != NULL)
        event_free(connection->timer);
    if (connection->answer != NULL)
        evbuffer_free(connection->answer);
    bufferevent_free(connection->bev);
    free(connection);
}

static struct evbuffer *input_of(const struct connection *connection)
{
    return bufferevent_get_input(connection->bev);
}

static size_t output_size(const struct connection *connection)
{
    return evbuffer_get_length(bufferevent_get_output(connection->bev));
}

static void set_timer(struct connection *connection, int64_t after_ms)
{
    struct timeval after = { .tv_sec = after_ms / 1000, .tv_usec = after_ms % 1000 * 1000 };

    if (evtimer_add(connection->timer, &after) != 0)
        connection->state = STATE_DONE;
}

/* Ends our side, in the manner of the answer. */
static void finish(struct connection *connection)
{
    static const struct linger by_reset = { .l_onoff = 1, .l_linger = 0 };
    int fd = bufferevent_getfd(connection->bev);

    connection->state = STATE_DONE;
    if (connection->manner.reset)
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &by_reset, sizeof by_reset);
    else if (!connection->manner.bare_close && !connection->manner.drop) {
        (void)SSL_shutdown(bufferevent_openssl_get_ssl(connection->bev));
        ERR_clear_error(); /* what shutdown notes must not be taken for another connection's */
        (void)shutdown(fd, SHUT_WR); /* both may fail on a dead socket, and it is closed anyway */
        connection->state = STATE_LINGERING;
        evbuffer_drain(input_of(connection), evbuffer_get_length(input_of(connection)));
        set_timer(connection, LINGER_S * INT64_C(1000));
    }
}

/* The answer, or its last byte, is with bev. */
static void answer_given(struct connection *connection)
{
    const struct http_manner *manner = &connection->manner;

    if (!manner->close && !manner->unframed && manner->cut_after < 0)
        connection->state = STATE_READING;
    else if (output_size(connection) == 0)
        finish(connection);
    else
        connection->state = STATE_FLUSHING;
}

static void trickle(struct connection *connection)
{
    char byte;

    connection->state = STATE_TRICKLING;
    if (evbuffer_remove(connection->answer, &byte, 1) != 1)
        answer_given(connection);
    else if (bufferevent_write(connection->bev, &byte, 1) != 0)
        connection->state = STATE_DONE;
}

/* Sends the answer, now that its delay is over. */
static void deliver(struct connection *connection)
{
    struct evbuffer *answer = connection->answer;

    if (connection->manner.drop) {
        evbuffer_drain(answer, evbuffer_get_length(answer));
        finish(connection);
    } else if (connection->manner.trickle) {
        trickle(connection);
    } else if (bufferevent_write_buffer(connection->bev, answer) != 0) {
        connection->state = STATE_DONE;
    } else {
        answer_given(connection);
    }
}

/* Puts the bytes of an answer into connection->answer. False when out of memory. */
static bool format_answer(struct connection *connection, bool is_head,
                          struct http_response *response)
{
    struct buf wire = { 0 };
    size_t size;
    bool done;

    http_response_format(response, is_head, &wire);
    connection->manner = response->manner;
    size = wire.size;
    if (response->manner.cut_after >= 0 && (uint64_t)response->manner.cut_after < size)
        size = (size_t)response->manner.cut_after;
    done = !wire.failed && evbuffer_add(connection->answer, wire.data, size) == 0;
    buf_clear(&wire);
    return done;
}

static void answer_request(struct connection *connection)
{
    struct connection_list *list = connection->list;
    struct http_response response;
    bool is_head = strcmp(connection->request.method, "HEAD") == 0; /* handle() may take it */

    http_response_init(&response);
    list->handle(list->context, &connection->peer, &connection->request, &response);
    if (!format_answer(connection, is_head, &response)) {
        connection->state = STATE_DONE;
    } else if (response.manner.delay_ms > 0) {
        connection->state = STATE_WAITING;
        set_timer(connection, response.manner.delay_ms);
    } else {
        deliver(connection);
    }
    http_response_clear(&response);
    http_request_clear(&connection->request);
    connection->has_head = false;
    connection->searched = 0;
}

/* The size of the head at the start of the input with its empty line, 0 if it is not all there. */
static size_t find_head(struct connection *connection)
{
    struct evbuffer *input = input_of(connection);
    size_t size = evbuffer_get_length(input);
    struct evbuffer_ptr from;
    struct evbuffer_ptr end;

    if (evbuffer_ptr_set(input, &from, connection->searched, EVBUFFER_PTR_SET) != 0)
        return 0;
    end = evbuffer_search(input, "\r\n\r\n", 4, &from);
    if (end.pos >= 0)
        return (size_t)end.pos + 4;
    connection->searched = size > 3 ? size - 3 : 0; /* the end may be cut in two */
    return 0;
}

/* False if the head is not whole, or the connection is done. */
static bool read_head(struct connection *connection)
{
    size_t size = find_head(connection);
    bool is_too_big = size > HTTP_HEAD_MAX
                      || (size == 0 && evbuffer_get_length(input_of(connection)) > HTTP_HEAD_MAX);
    char *head;

    if (size == 0 && !is_too_big)
        return false;
    if (is_too_big)
        size = 0;
    head = malloc(size + 1);
    if (head == NULL || evbuffer_remove(input_of(connection), head, size) != (int)size) {
        free(head);
        connection->state = STATE_DONE;
        return false;
    }
    head[size] = '\0';
    if (!http_request_parse(&connection->request, head, size)) {
        connection->state = STATE_DONE;
        return false;
    }
    if (is_too_big)
        connection->request.problem = 431;
    connection->has_head = true;
    if (connection->request.expects_continue && evbuffer_get_length(input_of(connection)) == 0)
        (void)bufferevent_write(connection->bev, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    return true;
}

/* False if the body is not whole, or the connection is done. */
static bool read_body(struct connection *connection)
{
    struct http_request *request = &connection->request;
    size_t size = request->body_size;

    if (request->problem != 0 || size == 0)
        return true;
    if (evbuffer_get_length(input_of(connection)) < size)
        return false;
    request->body = malloc(size);
    if (request->body == NULL
        || evbuffer_remove(input_of(connection), request->body, size) != (int)size) {
        connection->state = STATE_DONE;
        return false;
    }
    return true;
}

/* Serves what has come in, as far as it goes. */
static void advance(struct connection *connection)
{
    while (connection->state == STATE_READING && output_size(connection) < OUTPUT_MAX
           && (connection->has_head || read_head(connection)) && read_body(connection))
        answer_request(connection);
    if (connection->state == STATE_DONE)
        connection_free(connection);
}

static void on_read(struct bufferevent *bev, void *context)
{
    struct connection *connection = context;

    if (connection->state == STATE_LINGERING)
        evbuffer_drain(bufferevent_get_input(bev), SIZE_MAX);
    advance(connection);
}

static void on_written(struct bufferevent *bev, void *context)
{
    struct connection *connection = context;

    if (evbuffer_get_length(bufferevent_get_output(bev)) == 0) {
        if (connection->state == STATE_TRICKLING)
            trickle(connection);
        else if (connection->state == STATE_FLUSHING)
            finish(connection);
    }
    advance(connection);
}

static void on_event(struct bufferevent *bev, short events, void *context)
{
    struct connection *connection = context;

    if ((events & BEV_EVENT_CONNECTED) != 0) {
        tls_peer_certificate(bufferevent_openssl_get_ssl(bev), &connection->peer);
        return;
    }
    /* A delayed answer may idle longer than a client may. */
    if ((events & BEV_EVENT_TIMEOUT) != 0 && connection->state == STATE_WAITING)
        (void)bufferevent_enable(bev, EV_READ | EV_WRITE);
    else
        connection_free(connection);
}

static void on_timer(evutil_socket_t fd, short events, void *context)
{
    struct connection *connection = context;

    (void)fd;
    (void)events;
    if (connection->state == STATE_WAITING)
        deliver(connection);
    else
        connection->state = STATE_DONE;
    advance(connection);
}

bool connection_start(struct connection_list *list, struct bufferevent *bev, bool is_loopback)
{
    static const struct timeval idle = { .tv_sec = IDLE_S };
    struct connection *connection = calloc(1, sizeof *connection);

    if (connection == NULL) {
        bufferevent_free(bev);
        return false;
    }
    connection->list = list;
    connection->bev = bev;
    connection->peer.connection = ++list->last_serial;
    connection->peer.is_loopback = is_loopback;
    connection->link = &list->first;
    connection->next = list->first;
    if (connection->next != NULL)
        connection->next->link = &connection->next;
    list->first = connection;
    connection->timer = evtimer_new(bufferevent_get_base(bev), on_timer, connection);
    connection->answer = evbuffer_new();
    bufferevent_setcb(bev, on_read, on_written, on_event, connection);
    bufferevent_setwatermark(bev, EV_READ, 0, INPUT_MAX);
    if (connection->timer == NULL || connection->answer == NULL
        || bufferevent_set_timeouts(bev, &idle, &idle) != 0
        || bufferevent_enable(bev, EV_READ | EV_WRITE) != 0) {
        connection_free(connection);
        return false;
    }
    return true;
}

void connection_list_clear(struct connection_list *list)
{
    struct connection *next;

    for (struct connection *connection = list->first; connection != NULL; connection = next) {
        next = connection->next;
        connection_free(connection);
    }
}
