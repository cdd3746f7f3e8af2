/* When c2d_fd() is readable, and when it is not. Prints one line for each observation, which
 * 49-descriptor.sh compares with what is expected.
 * usage: descriptor CA-FILE DEVICE-CONNECTION-STRING */
#include "c2d.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TIMEOUT_MS = 3000, EVENTS_MAX = 100 };

static int stop[2];    /* a pipe, whose reading end is cancel_fd */
static int descriptor; /* c2d_fd(), asked for once, as a loop does */

/* ---- Clients ---- */

static struct c2d_client *client_new(const char *connection_string,
                                     const struct c2d_options *options)
{
    struct c2d_client *client;
    struct c2d_error error;

    if (c2d_client_new(&client, connection_string, options, &error) == C2D_OK)
        return client;
    fprintf(stderr, "%s\n", error.text);
    exit(EXIT_FAILURE);
}

static void submit(struct c2d_client *client)
{
    struct c2d_request request = { .action = C2D_ACTION_RECEIVE };
    struct c2d_error error;

    if (c2d_submit(client, &request, &error) == C2D_OK)
        return;
    fprintf(stderr, "%s\n", error.text);
    exit(EXIT_FAILURE);
}

/* A place where nobody answers, so that a request stays under way. */
static void listen_silently(char place[32])
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 16) != 0
        || getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        exit(EXIT_FAILURE);
    snprintf(place, 32, "127.0.0.1:%d", ntohs(address.sin_port));
}

/* ---- Observations ---- */

static bool is_readable(int timeout_ms)
{
    struct pollfd event = { .fd = descriptor, .events = POLLIN };

    return poll(&event, 1, timeout_ms) > 0;
}

static void say(const char *what, bool is_true)
{
    printf("%s: %s\n", what, is_true ? "yes" : "no");
}

/* Calls c2d_wait() for each event until none has come for quiet_ms. Returns how many events came,
 * *status is that of the last result. */
static int run(struct c2d_client *client, int quiet_ms, enum c2d_status *status)
{
    struct c2d_result result;
    int events = 0;

    while (events < EVENTS_MAX && is_readable(quiet_ms)) {
        events++;
        if (!c2d_wait(client, 0, &result))
            continue;
        *status = result.error.status;
        c2d_message_free(result.message);
    }
    return events;
}

static void say_status(const char *what, enum c2d_status status)
{
    printf("%s: %s\n", what, c2d_status_name(status));
}

static void set_stop(bool is_set)
{
    char byte = 0;

    if ((is_set ? write(stop[1], &byte, 1) : read(stop[0], &byte, 1)) != 1)
        exit(EXIT_FAILURE);
}

/* ---- What is observed ---- */

static void try_submitting(const char *connection_string, struct c2d_options options)
{
    struct c2d_client *first = client_new(connection_string, &options), *second;
    enum c2d_status status = C2D_OK;

    descriptor = c2d_fd(first);
    options.share = first;
    second = client_new(connection_string, &options);
    say("clients that share have one descriptor", c2d_fd(second) == descriptor && descriptor >= 0);
    say("without client it is -1", c2d_fd(NULL) == -1);
    say("readable before the first operation", is_readable(0));
    submit(second);
    say("readable at once after c2d_submit()", is_readable(0));
    while (c2d_pending(first) > 0 && is_readable(-1))
        run(first, 0, &status);
    say_status("the result", status);
    say("readable when nothing is under way", is_readable(0));
    say("readable when the time of what has ended is over",
        is_readable(TIMEOUT_MS + TIMEOUT_MS / 4));
    c2d_client_free(first);
    submit(second);
    say("the same and readable when the first client is freed",
        is_readable(0) && c2d_fd(second) == descriptor);
    c2d_client_free(second);
    say("open when all are freed", fcntl(descriptor, F_GETFD) != -1);
}

static void try_cancelling(const char *connection_string, struct c2d_options options)
{
    struct c2d_client *first, *second;
    enum c2d_status status = C2D_OK;

    options.cancel_fd = stop[0];
    options.timeout_ms = 60000;
    first = client_new(connection_string, &options);
    descriptor = c2d_fd(first);
    options.share = first;
    second = client_new(connection_string, &options);

    submit(first);
    say("few events until a request is under way", run(first, 100, &status) < EVENTS_MAX);
    say("readable while it waits for its answer", is_readable(0));
    set_stop(true);
    say("readable when it is cancelled", is_readable(0));
    say("few events until it has ended", run(first, 100, &status) < EVENTS_MAX);
    say_status("the result of what is cancelled", status);
    say("readable after the cancel", is_readable(0));
    submit(first);
    status = C2D_OK;
    say("readable after c2d_submit() during the cancel", is_readable(0));
    say("few events until that has ended", run(first, 100, &status) < EVENTS_MAX);
    say_status("its result", status);

    set_stop(false);
    say("readable when the cancel is over", is_readable(100));
    set_stop(true);
    say("readable after a cancel with nothing under way", is_readable(100));

    set_stop(false);
    submit(second);
    run(first, 100, &status);
    c2d_client_free(second);
    say("readable when the client of all operations was freed", is_readable(100));
    set_stop(true);
    say("readable after a cancel when it was freed", is_readable(100));
    c2d_client_free(first);
}

/* A copy of a cancel_fd that is closed lives on elsewhere, as in a child of fork(). */
static void try_closing(const char *connection_string, struct c2d_options options)
{
    struct c2d_client *client;
    enum c2d_status status = C2D_OK;
    int other = dup(stop[0]);

    options.cancel_fd = stop[0];
    client = client_new(connection_string, &options);
    descriptor = c2d_fd(client);
    submit(client);
    run(client, 100, &status);
    close(stop[0]);
    submit(client);
    say("few events until all has ended by a closed cancel_fd",
        run(client, 100, &status) < EVENTS_MAX && c2d_pending(client) == 0);
    say_status("the result by a closed cancel_fd", status);
    say("readable after a cancel_fd was closed", is_readable(100));
    submit(client);
    run(client, 100, &status);
    say_status("a later result by a closed cancel_fd", status);
    c2d_client_free(client);
    close(other);
}

int main(int argc, char **argv)
{
    struct c2d_options options = c2d_options_default();
    char place[32];

    if (argc != 3 || pipe(stop) != 0)
        return EXIT_FAILURE;
    options.ca_file = argv[1];
    options.timeout_ms = TIMEOUT_MS;
    try_submitting(argv[2], options);
    listen_silently(place);
    options.connect_to = place;
    try_cancelling(argv[2], options);
    try_closing(argv[2], options);
    return EXIT_SUCCESS;
}
