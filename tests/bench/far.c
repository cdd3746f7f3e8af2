/* far: relays TCP between clients and a server that is far away, and counts the round trips.
 *
 *     far SERVER-PORT ONE-WAY-MS
 *
 * Listens on a free port of 127.0.0.1, prints "ready PORT" and runs until it is killed. Bytes
 * arrive after ONE-WAY-MS in both directions, and a connection is set up after twice as long. When
 * the last open connection has ended, it prints "ROUND-TRIPS CONNECTIONS BYTES" since the line
 * before.
 *
 * Round trips are counted on a logical clock, in half round trips, so that a busy machine changes
 * nothing: what a client sends is later than all that reached it on any connection, and what the
 * server sends is later than what reached it on the same one. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CLIENT, SERVER, SIDES, CONNECTIONS_MAX = 64, CHUNK_SIZE = 16384 };

struct chunk {
    struct chunk *next;
    int64_t due_ms;
    long clock;  /* when it arrives, in half round trips */
    size_t size; /* 0: the end */
    char data[];
};

struct connection {
    bool is_open;
    int fds[SIDES];
    bool ended[SIDES];              /* this side sends nothing more */
    struct chunk *under_way[SIDES]; /* to this side, in the order of time */
    int64_t ready_ms;               /* when it is set up */
    long ready_clock, server_clock;
};

static struct connection connections[CONNECTIONS_MAX];
static struct {
    long client_clock;
    unsigned open, opened;
    size_t bytes;
} total;
static int64_t one_way_ms;

static void die(const char *what)
{
    fprintf(stderr, "far: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static long later(long a, long b)
{
    return a > b ? a : b;
}

/* ---- Bytes ---- */

static void pass_on(struct connection *connection, int from, const char *data, size_t size)
{
    struct chunk *chunk = malloc(sizeof *chunk + size);
    struct chunk **end = &connection->under_way[!from];
    int64_t now = now_ms();

    if (chunk == NULL)
        die("memory");
    chunk->next = NULL;
    chunk->due_ms = (now > connection->ready_ms ? now : connection->ready_ms) + one_way_ms;
    chunk->clock = 1
                   + (from == CLIENT ? later(total.client_clock, connection->ready_clock)
                                     : connection->server_clock);
    chunk->size = size;
    memcpy(chunk->data, data, size);
    while (*end != NULL)
        end = &(*end)->next;
    *end = chunk;
}

static void take(struct connection *connection, int from)
{
    char data[CHUNK_SIZE];
    ssize_t size = read(connection->fds[from], data, sizeof data);

    connection->ended[from] = size <= 0;
    total.bytes += size > 0 ? (size_t)size : 0;
    pass_on(connection, from, data, size > 0 ? (size_t)size : 0);
}

/* Delivers what is due to one side. */
static void deliver(struct connection *connection, int to, int64_t now)
{
    struct chunk *chunk;

    while ((chunk = connection->under_way[to]) != NULL && chunk->due_ms <= now) {
        if (chunk->size == 0)
            shutdown(connection->fds[to], SHUT_WR);
        /* A side that has closed reports that at the next read. */
        else if (send(connection->fds[to], chunk->data, chunk->size, MSG_NOSIGNAL) < 0)
            chunk->size = 0;
        if (to == SERVER)
            connection->server_clock = later(connection->server_clock, chunk->clock);
        else if (chunk->size > 0)
            total.client_clock = later(total.client_clock, chunk->clock);
        connection->under_way[to] = chunk->next;
        free(chunk);
    }
}

/* ---- Connections ---- */

static void open_connection(int listener, const struct sockaddr_in *server)
{
    struct connection *connection = connections;
    int one = 1;

    while (connection->is_open)
        if (++connection == connections + CONNECTIONS_MAX)
            die("too many connections");
    *connection = (struct connection) {
        .is_open = true,
        .fds = { accept(listener, NULL, NULL), socket(AF_INET, SOCK_STREAM, 0) },
        .ready_ms = now_ms() + 2 * one_way_ms,
        .ready_clock = total.client_clock + 2,
    };
    if (connection->fds[CLIENT] < 0
        || connect(connection->fds[SERVER], (const struct sockaddr *)server, sizeof *server) != 0)
        die("a connection");
    for (int side = 0; side < SIDES; side++)
        setsockopt(connection->fds[side], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    total.open++;
    total.opened++;
}

static void close_connection(struct connection *connection)
{
    for (int side = 0; side < SIDES; side++) {
        close(connection->fds[side]);
        while (connection->under_way[side] != NULL) {
            struct chunk *chunk = connection->under_way[side];

            connection->under_way[side] = chunk->next;
            free(chunk);
        }
    }
    connection->is_open = false;
    if (--total.open > 0)
        return;
    printf("%.1f %u %zu\n", (double)total.client_clock / 2, total.opened, total.bytes);
    fflush(stdout);
    memset(&total, 0, sizeof total);
}

/* A client that has ended waits for nothing. */
static bool is_over(const struct connection *connection)
{
    return connection->ended[CLIENT] && connection->under_way[SERVER] == NULL;
}

/* ---- The loop ---- */

static int next_ms(int64_t now)
{
    int64_t due_ms = INT64_MAX;

    for (const struct connection *each = connections; each < connections + CONNECTIONS_MAX; each++)
        for (int side = 0; each->is_open && side < SIDES; side++)
            if (each->under_way[side] != NULL && each->under_way[side]->due_ms < due_ms)
                due_ms = each->under_way[side]->due_ms;
    return due_ms == INT64_MAX ? -1 : due_ms <= now ? 0 : (int)(due_ms - now);
}

static void work(int listener, const struct sockaddr_in *server)
{
    struct pollfd polls[1 + CONNECTIONS_MAX * SIDES] = { { .fd = listener, .events = POLLIN } };
    int64_t now;

    for (int i = 0; i < CONNECTIONS_MAX * SIDES; i++) {
        const struct connection *each = &connections[i / SIDES];
        bool reads = each->is_open && !each->ended[i % SIDES];

        polls[1 + i] = (struct pollfd) { reads ? each->fds[i % SIDES] : -1, POLLIN, 0 };
    }
    if (poll(polls, sizeof polls / sizeof *polls, next_ms(now_ms())) < 0)
        die("poll");
    for (int i = 0; i < CONNECTIONS_MAX * SIDES; i++)
        if (polls[1 + i].revents != 0)
            take(&connections[i / SIDES], i % SIDES);
    now = now_ms();
    for (struct connection *each = connections; each < connections + CONNECTIONS_MAX; each++) {
        for (int side = 0; each->is_open && side < SIDES; side++)
            deliver(each, side, now);
        if (each->is_open && is_over(each))
            close_connection(each);
    }
    if (polls[0].revents != 0)
        open_connection(listener, server);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in server = address;
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    if (argc != 3 || (one_way_ms = atol(argv[2])) < 1) {
        fprintf(stderr, "usage: far SERVER-PORT ONE-WAY-MS\n");
        return 64;
    }
    server.sin_port = htons((uint16_t)atoi(argv[1]));
    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 64) != 0
        || getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        die("listen");
    printf("ready %d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;)
        work(listener, &server);
}
