/* hostile: a server for one test that plays back exact bytes and then behaves badly.
 *
 *     hostile --log FILE (--plain | --cert FILE --key FILE [TLS OPTION]...) HOW:REPLY...
 *
 *     --old-tls         TLS 1.1 at most
 *     --ciphers LIST    these of TLS 1.2, and no later version
 *     --client-ca FILE  asks for a client certificate, and refuses what FILE has not signed
 *     --bad-tickets     ends the handshake of a client that offers a session
 *     --port N          listens there; else on a free one
 *     --connect FILE    is a proxy too: answers CONNECT with FILE, in plain, before TLS
 *
 * Listens on 127.0.0.1, prints "ready PORT", and answers each request with the next
 * REPLY, a file, sent unchanged (no file: sends nothing). HOW says what follows it:
 *
 *     keep    the connection stays open for the next request
 *     notify  TLS close_notify, then the connection ends
 *     close   the connection ends without close_notify
 *     reset   the connection ends with RST
 *     hang    nothing happens until the client closes the connection
 *     late    the reply comes after 5 s, and its last byte 0.3 s later; then as keep
 *     deaf    drops all later packets of the connection, as a NAT does that has lost its state
 *
 * When no REPLY is left, closes a connection after its request. Appends all HTTP that it receives,
 * decrypted, to the log before it responds. Runs until it is killed. */
#define _DEFAULT_SOURCE /* SO_ATTACH_FILTER */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_MAX = 256 * 1024 };

struct server {
    const char *log, *cert, *key, *ciphers, *client_ca, *connect, *port;
    bool plain, old_tls, bad_tickets; /* old: 1.1 at most */
    char **replies;                   /* HOW:REPLY, NULL-terminated; moves on as they are used */
    SSL_CTX *tls;
    int listener;
};

struct connection {
    int fd;
    SSL *tls; /* NULL: plain */
};

static void die(const char *what)
{
    fprintf(stderr, "hostile: %s: %s\n", what, strerror(errno));
    ERR_print_errors_fp(stderr);
    exit(1);
}

/* ---- Bytes ---- */

static size_t receive_some(struct connection *connection, char *data, size_t size)
{
    ssize_t count = connection->tls != NULL ? SSL_read(connection->tls, data, (int)size)
                                            : read(connection->fd, data, size);

    return count > 0 ? (size_t)count : 0;
}

static void send_all(struct connection *connection, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t count = connection->tls != NULL ? SSL_write(connection->tls, data, (int)size)
                                                : write(connection->fd, data, size);

        if (count <= 0)
            return; /* the client has closed, which is allowed */
        data += count;
        size -= (size_t)count;
    }
}

static void append_to_log(const struct server *server, const char *data, size_t size)
{
    int fd = open(server->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd) != 0)
        die(server->log);
}

/* The Content-Length of the headers. */
static size_t body_size(const char *head)
{
    static const char name[] = "\nContent-Length:";

    for (; *head != '\0'; head++)
        if (strncasecmp(head, name, sizeof name - 1) == 0)
            return (size_t)strtoul(head + sizeof name - 1, NULL, 10);
    return 0;
}

/* Waits for a request. Returns false if another client waits, or none will come. */
static bool await_request(const struct server *server, const struct connection *connection)
{
    struct pollfd fds[2] = { { .fd = connection->fd, .events = POLLIN },
                             { .fd = server->listener, .events = POLLIN } };

    return poll(fds, 2, -1) > 0 && fds[0].revents != 0;
}

/* Reads a request and logs it on arrival. False: the connection ended before the request. */
static bool read_request(const struct server *server, struct connection *connection)
{
    static char request[REQUEST_MAX + 1];
    size_t size = 0, wanted = REQUEST_MAX;

    while (size < wanted) {
        size_t count = receive_some(connection, request + size, REQUEST_MAX - size);
        const char *end;

        if (count == 0)
            return false;
        append_to_log(server, request + size, count);
        size += count;
        request[size] = '\0';
        if (connection->tls == NULL && request[0] == 0x16)
            return true; /* the start of TLS, which a plain server cannot understand */
        end = strstr(request, "\r\n\r\n");
        if (end != NULL)
            wanted = (size_t)(end - request) + 4 + body_size(request);
    }
    return true;
}

/* ---- Replies ---- */

static void send_file(struct connection *connection, const char *path, bool is_late)
{
    char data[4096];
    size_t count;
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        die(path);
    if (is_late)
        sleep(5);
    while ((count = fread(data, 1, sizeof data, file)) > 0) {
        send_all(connection, data, is_late ? count - 1 : count);
        if (is_late) {
            poll(NULL, 0, 300);
            send_all(connection, data + count - 1, 1);
        }
    }
    fclose(file);
}

static void reset(const struct connection *connection)
{
    struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

    setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/* The kernel drops all incoming packets, and acknowledges none. */
static void go_deaf(const struct connection *connection)
{
    struct sock_filter drop_all = { .code = BPF_RET | BPF_K, .k = 0 };
    struct sock_fprog program = { .len = 1, .filter = &drop_all };

    if (setsockopt(connection->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
        die("filter");
}

/* Sends the next reply. True if the connection stays open. */
static bool reply(struct server *server, struct connection *connection)
{
    const char *how = *server->replies;
    const char *path = how == NULL ? NULL : strchr(how, ':') + 1;
    char rest[256];

    if (how == NULL)
        return false;
    server->replies++;
    if (*path != '\0')
        send_file(connection, path, strncmp(how, "late:", 5) == 0);
    if (strncmp(how, "notify:", 7) == 0 && connection->tls != NULL)
        SSL_shutdown(connection->tls);
    else if (strncmp(how, "reset:", 6) == 0)
        reset(connection);
    else if (strncmp(how, "hang:", 5) == 0)
        while (receive_some(connection, rest, sizeof rest) > 0)
            ;
    else if (strncmp(how, "deaf:", 5) == 0)
        go_deaf(connection);
    return strncmp(how, "keep:", 5) == 0 || strncmp(how, "deaf:", 5) == 0
           || strncmp(how, "late:", 5) == 0;
}

static void drain(int fd)
{
    char rest[256];

    while (read(fd, rest, sizeof rest) > 0)
        ;
}

static void serve(struct server *server, struct connection *connection)
{
    int one = 1;

    /* Else a short reply may wait for an acknowledgement, and be lost with a reset. */
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (server->connect != NULL) {
        if (!read_request(server, connection))
            return;
        send_file(connection, server->connect, false);
    }
    if (server->tls != NULL) {
        connection->tls = SSL_new(server->tls);
        if (connection->tls == NULL || SSL_set_fd(connection->tls, connection->fd) != 1)
            die("SSL_new");
        if (SSL_accept(connection->tls) != 1) {
            /* The alert is sent. A close with unread bytes would send a reset. */
            shutdown(connection->fd, SHUT_WR);
            drain(connection->fd);
            return;
        }
    }
    while (await_request(server, connection) && read_request(server, connection)
           && reply(server, connection))
        ;
}

/* ---- Setting up ---- */

static bool has_form(const char *reply_word)
{
    static const char *const forms[] = { "keep:", "notify:", "close:", "reset:",
                                         "hang:", "deaf:",   "late:" };

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strncmp(reply_word, forms[i], strlen(forms[i])) == 0)
            return true;
    return false;
}

/* Reads the command line into server; false if it is invalid. */
static bool parse(struct server *server, char **words)
{
    for (; *words != NULL && strncmp(*words, "--", 2) == 0; words++) {
        const char **place = strcmp(*words, "--log") == 0         ? &server->log
                             : strcmp(*words, "--cert") == 0      ? &server->cert
                             : strcmp(*words, "--key") == 0       ? &server->key
                             : strcmp(*words, "--ciphers") == 0   ? &server->ciphers
                             : strcmp(*words, "--client-ca") == 0 ? &server->client_ca
                             : strcmp(*words, "--connect") == 0   ? &server->connect
                             : strcmp(*words, "--port") == 0      ? &server->port
                                                                  : NULL;

        if (strcmp(*words, "--plain") == 0)
            server->plain = true;
        else if (strcmp(*words, "--old-tls") == 0)
            server->old_tls = true;
        else if (strcmp(*words, "--bad-tickets") == 0)
            server->bad_tickets = true;
        else if (place == NULL || words[1] == NULL)
            return false;
        else
            *place = *++words;
    }
    server->replies = words;
    for (; *words != NULL; words++)
        if (!has_form(*words))
            return false;
    return server->log != NULL && server->plain == (server->cert == NULL)
           && server->plain == (server->key == NULL);
}

static SSL_TICKET_RETURN refuse_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                       size_t name_size, SSL_TICKET_STATUS status, void *context)
{
    (void)ssl, (void)session, (void)name, (void)name_size, (void)context;
    /* In a first handshake there is no ticket. */
    return status == SSL_TICKET_EMPTY ? SSL_TICKET_RETURN_IGNORE_RENEW : SSL_TICKET_RETURN_ABORT;
}

static void set_up_tls(struct server *server)
{
    server->tls = SSL_CTX_new(TLS_server_method());
    if (server->tls == NULL)
        die("TLS");
    /* Level 0: the client has to refuse weak keys. */
    SSL_CTX_set_security_level(server->tls, 0);
    if (SSL_CTX_use_certificate_chain_file(server->tls, server->cert) != 1
        || SSL_CTX_use_PrivateKey_file(server->tls, server->key, SSL_FILETYPE_PEM) != 1)
        die("certificate");
    if (server->old_tls) {
        SSL_CTX_set_min_proto_version(server->tls, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(server->tls, TLS1_1_VERSION);
    }
    if (server->ciphers != NULL) {
        SSL_CTX_set_max_proto_version(server->tls, TLS1_2_VERSION);
        if (SSL_CTX_set_cipher_list(server->tls, server->ciphers) != 1)
            die("ciphers");
    }
    if (server->bad_tickets)
        SSL_CTX_set_session_ticket_cb(server->tls, NULL, refuse_ticket, NULL);
    if (server->client_ca != NULL) {
        if (SSL_CTX_load_verify_locations(server->tls, server->client_ca, NULL) != 1)
            die("client CA");
        SSL_CTX_set_verify(server->tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
}

static void listen_and_tell(struct server *server)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof address;
    int one = 1;

    if (server->port != NULL)
        address.sin_port = htons((uint16_t)strtoul(server->port, NULL, 10));
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (server->listener < 0
        || setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0
        || bind(server->listener, (struct sockaddr *)&address, size) != 0
        || listen(server->listener, 8) != 0
        || getsockname(server->listener, (struct sockaddr *)&address, &size) != 0)
        die("listen");
    printf("ready %d\n", ntohs(address.sin_port));
    if (fflush(stdout) != 0)
        die("stdout");
}

int main(int argc, char **argv)
{
    struct server server = { 0 };

    if (argc < 1 || !parse(&server, argv + 1)) {
        fputs("usage: hostile --log FILE (--plain | --cert FILE --key FILE [--old-tls] "
              "[--ciphers LIST] [--client-ca FILE] [--bad-tickets] [--port N] [--connect FILE]) "
              "HOW:REPLY...\n",
              stderr);
        return 64;
    }
    signal(SIGPIPE, SIG_IGN);
    if (!server.plain)
        set_up_tls(&server);
    listen_and_tell(&server);
    for (;;) {
        struct connection connection = { .fd = accept(server.listener, NULL, NULL) };

        if (connection.fd < 0)
            die("accept");
        serve(&server, &connection);
        SSL_free(connection.tls);
        close(connection.fd);
    }
}
