/* Polls DEVICES of one hub with the public API, in one thread over CONNECTIONS connections (16).
 * Their queues are empty.
 * usage: poll_fleet HOST CA-FILE DEVICES REQUESTS; one device after the other, round and round */
#include "c2d.h"

#include <stdio.h>
#include <stdlib.h>

static void fail(const char *what, const struct c2d_error *error)
{
    fprintf(stderr, "poll_fleet: %s: %s\n", what, error->text);
    exit(error->status == C2D_OK ? EXIT_FAILURE : (int)error->status);
}

enum { CONNECTIONS = 16 };

static struct c2d_client *device_new(const char *host, long number, const char *ca_file,
                                     struct c2d_client *share)
{
    struct c2d_options options = c2d_options_default();
    struct c2d_client *device;
    struct c2d_error error;
    char text[512];

    options.parallel = CONNECTIONS;
    options.ca_file = ca_file;
    options.share = share;
    snprintf(text, sizeof text, "HostName=%s;DeviceId=device-%ld;SharedAccessKey=a2V5IG9m%08ld",
             host, number, number);
    if (c2d_client_new(&device, text, &options, &error) != C2D_OK)
        fail(text, &error);
    return device;
}

static void ask(struct c2d_client *device)
{
    struct c2d_error error;

    if (c2d_submit(device, &(struct c2d_request) { C2D_ACTION_RECEIVE, .tag = device }, &error)
        != C2D_OK)
        fail(c2d_client_device_id(device), &error);
}

int main(int argc, char **argv)
{
    struct c2d_client **devices;
    struct c2d_result result;
    long count, requests, asked = 0, answered = 0;

    if (argc < 5 || (count = atol(argv[3])) < CONNECTIONS || (requests = atol(argv[4])) < 1)
        return C2D_USAGE;
    devices = calloc((size_t)count, sizeof(*devices));
    if (devices == NULL)
        return C2D_OS;
    for (long i = 0; i < count; i++)
        devices[i] = device_new(argv[1], i, argv[2], i == 0 ? NULL : devices[0]);
    /* As many in flight as connections: the next one is submitted when one has ended. */
    for (; asked < requests && asked < CONNECTIONS; asked++)
        ask(devices[asked]);
    while (c2d_wait(devices[0], -1, &result)) {
        if (result.error.status != C2D_NO_MESSAGE)
            fail(c2d_client_device_id(result.tag), &result.error);
        answered++;
        if (asked < requests)
            ask(devices[asked++ % count]);
    }
    for (long i = count - 1; i >= 0; i--)
        c2d_client_free(devices[i]);
    free(devices);
    return answered == requests ? 0 : EXIT_FAILURE;
}
