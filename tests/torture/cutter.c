/* cutter: relays between a client and a hub, uses TLS with both, and damages the HTTP stream at one
 * byte.
 *
 *     cutter CERT KEY HUB-PORT FAULT-FILE
 *
 * Listens on a free port of 127.0.0.1 and prints "ready PORT". FAULT-FILE is read when a client
 * connects, and removed when its fault occurs: "request|response N ACTION", where N counts the
 * bytes of one direction of the connection from 0. After the bytes before N:
 *
 *     notify              the connection ends after a TLS close_notify
 *     close, reset        it ends without close_notify, or with RST
 *     delay               nothing is relayed for a second
 *     flip-low, flip-high the byte's lowest or highest bit is inverted
 *
 * At the end of each connection, "request N" and "response N" give the numbers of relayed bytes.
 * Serves one client at a time; runs until it is killed. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A direction is named after its source: requests come from CLIENT. */
enum { CLIENT, HUB, SIDES };

static const char *const names[SIDES] = { "request", "response" };

struct connection {
    SSL *sides[SIDES];
    size_t passed[SIDES];
    const char *fault_file;
    int fault_from; /* SIDES: no fault */
    size_t fault_at;
    char action[16];
};

static void die(const char *what)
{
    fprintf(stderr, "cutter: %s: %s\n", what, strerror(errno));
    ERR_print_errors_fp(stderr);
    exit(1);
}

static void read_fault(struct connection *connection)
{
    FILE *file = fopen(connection->fault_file, "r");
    char direction[16];

    connection->fault_from = SIDES;
    if (file == NULL)
        return;
    if (fscanf(file, "%15s %zu %15s", direction, &connection->fault_at, connection->action) == 3)
        connection->fault_from = strcmp(direction, names[CLIENT]) == 0 ? CLIENT : HUB;
    fclose(file);
}

/* ---- Bytes ---- */

static void send_all(SSL *to, const char *data, size_t size)
{
    if (size > 0 && SSL_write(to, data, (int)size) <= 0) {
        /* That side has closed. The next read from it reports this. */
    }
}

/* Relays data, in which the fault's byte is, and performs the fault. False if that ends the
 * connection. */
static bool strike(struct connection *connection, SSL *to, char *data, size_t size)
{
    size_t before = connection->fault_at - connection->passed[connection->fault_from];
    const char *action = connection->action;
    struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

    connection->passed[connection->fault_from] += size;
    connection->fault_from = SIDES;
    unlink(connection->fault_file);
    if (strncmp(action, "flip", 4) == 0)
        data[before] = (char)(data[before] ^ (strcmp(action, "flip-low") == 0 ? 1 : 0x80));
    send_all(to, data, before);
    if (strcmp(action, "delay") == 0)
        sleep(1);
    else if (strcmp(action, "notify") == 0)
        SSL_shutdown(connection->sides[CLIENT]);
    else if (strcmp(action, "reset") == 0)
        setsockopt(SSL_get_fd(connection->sides[CLIENT]), SOL_SOCKET, SO_LINGER, &at_once,
                   sizeof at_once);
    if (strcmp(action, "delay") != 0 && strncmp(action, "flip", 4) != 0)
        return false;
    send_all(to, data + before, size - before);
    return true;
}

/* Relays what one side has sent. False if the connection has ended. */
static bool relay(struct connection *connection, int from)
{
    char data[16384];
    SSL *source = connection->sides[from], *to = connection->sides[1 - from];
    int count = SSL_read(source, data, sizeof data);

    if (count <= 0)
        return SSL_get_error(source, count) == SSL_ERROR_WANT_READ; /* a session ticket, no data */
    if (connection->fault_from == from
        && connection->fault_at < connection->passed[from] + (size_t)count)
        return strike(connection, to, data, (size_t)count);
    send_all(to, data, (size_t)count);
    connection->passed[from] += (size_t)count;
    return true;
}

/* ---- Connections ---- */

/* Waits until one side has something to read. */
static bool await(const struct connection *connection, bool ready[SIDES])
{
    struct pollfd fds[SIDES];
    bool pending = false;

    for (int i = 0; i < SIDES; i++) {
        fds[i] = (struct pollfd) { .fd = SSL_get_fd(connection->sides[i]), .events = POLLIN };
        ready[i] = SSL_pending(connection->sides[i]) > 0;
        pending = pending || ready[i];
    }
    if (poll(fds, SIDES, pending ? 0 : -1) < 0)
        return false;
    for (int i = 0; i < SIDES; i++)
        ready[i] = ready[i] || fds[i].revents != 0;
    return true;
}

static void serve(struct connection *connection)
{
    bool ready[SIDES];
    bool open =
        SSL_accept(connection->sides[CLIENT]) == 1 && SSL_connect(connection->sides[HUB]) == 1;

    while (open && await(connection, ready))
        for (int i = 0; open && i < SIDES; i++)
            open = !ready[i] || relay(connection, i);
    for (int i = 0; i < SIDES; i++)
        printf("%s %zu\n", names[i], connection->passed[i]);
    fflush(stdout);
}

static SSL *open_tls(SSL_CTX *context, int fd)
{
    SSL *tls = SSL_new(context);

    if (fd < 0 || tls == NULL || SSL_set_fd(tls, fd) != 1)
        die("connection");
    return tls;
}

/* ---- Sockets ---- */

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in) { .sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = { htonl(INADDR_LOOPBACK) } };
}

static int connect_hub(int port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    return connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? fd : -1;
}

static int listen_and_print(void)
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 8) != 0
        || getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        die("listen");
    printf("ready %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

int main(int argc, char **argv)
{
    SSL_CTX *server = SSL_CTX_new(TLS_server_method()), *to_hub = SSL_CTX_new(TLS_client_method());
    int listener;

    if (argc != 5 || server == NULL || to_hub == NULL
        || SSL_CTX_use_certificate_chain_file(server, argv[1]) != 1
        || SSL_CTX_use_PrivateKey_file(server, argv[2], SSL_FILETYPE_PEM) != 1)
        die("usage: cutter CERT KEY HUB-PORT FAULT-FILE");
    signal(SIGPIPE, SIG_IGN);
    /* Else a read that gets only a session ticket blocks although the other side has data. */
    SSL_CTX_clear_mode(server, SSL_MODE_AUTO_RETRY);
    SSL_CTX_clear_mode(to_hub, SSL_MODE_AUTO_RETRY);
    listener = listen_and_print();
    for (;;) {
        struct connection connection = { .fault_file = argv[4] };
        int fds[SIDES] = { accept(listener, NULL, NULL), connect_hub(atoi(argv[3])) };

        for (int i = 0; i < SIDES; i++)
            connection.sides[i] = open_tls(i == CLIENT ? server : to_hub, fds[i]);
        read_fault(&connection);
        serve(&connection);
        for (int i = 0; i < SIDES; i++) {
            SSL_free(connection.sides[i]);
            close(fds[i]);
        }
    }
}
