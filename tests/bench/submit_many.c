/* Submits COUNT operations at once with the public API, then takes RESULTS results.
 * usage: submit_many receive|send HOST CA-FILE COUNT RESULTS
 * receive: one client for each device; all share one connection. send: one client for all devices.
 * RESULTS 0: ends after the last c2d_submit(); below 0: ends before the first. Writes a byte to
 * stdout after each c2d_submit(), and after each result. */
#include "c2d.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct device {
    char id[32];
    struct c2d_client *client;
};

static void fail(const char *what, const struct c2d_error *error)
{
    fprintf(stderr, "submit_many: %s: %s\n", what, error->text);
    exit(EXIT_FAILURE);
}

static struct c2d_client *client_new(char **argv, const char *identity, struct c2d_client *share)
{
    struct c2d_options options = c2d_options_default();
    struct c2d_client *client;
    struct c2d_error error;
    char text[512];

    options.parallel = 1; /* otherwise later handshakes would be among the counted operations */
    options.ca_file = argv[3];
    options.share = share;
    snprintf(text, sizeof text, "HostName=%s;%s;SharedAccessKey=a2V5IG9mIGEgZGV2aWNl", argv[2],
             identity);
    if (c2d_client_new(&client, text, &options, &error) != C2D_OK)
        fail(text, &error);
    return client;
}

static void make_clients(char **argv, struct device *devices, size_t count, bool sends)
{
    char identity[64];

    for (size_t i = 0; i < count; i++) {
        snprintf(devices[i].id, sizeof devices[i].id, "device-%u", (unsigned)i);
        snprintf(identity, sizeof identity, "DeviceId=%s", devices[i].id);
        if (i == 0)
            devices[i].client =
                client_new(argv, sends ? "SharedAccessKeyName=service" : identity, NULL);
        else
            devices[i].client =
                sends ? devices[0].client : client_new(argv, identity, devices[0].client);
    }
}

static void note_operation(void)
{
    if (write(STDOUT_FILENO, "\n", 1) != 1)
        exit(EXIT_FAILURE);
}

static void submit_all(const struct device *devices, size_t count, bool sends)
{
    static const struct c2d_message message = {
        .body = "hello",
        .body_size = 5,
        .message_id = "1",
    };
    struct c2d_request request = { .action = sends ? C2D_ACTION_SEND : C2D_ACTION_RECEIVE };
    struct c2d_error error;

    request.message = sends ? &message : NULL;
    for (size_t i = 0; i < count; i++) {
        request.device_id = sends ? devices[i].id : NULL;
        if (c2d_submit(devices[i].client, &request, &error) != C2D_OK)
            fail("c2d_submit()", &error);
        note_operation();
    }
}

int main(int argc, char **argv)
{
    bool sends = argc == 6 && strcmp(argv[1], "send") == 0;
    long count = argc == 6 ? atol(argv[4]) : 0, results = argc == 6 ? atol(argv[5]) : 0;
    struct device *devices = count < 1 ? NULL : calloc((size_t)count, sizeof *devices);
    struct c2d_result result;

    if (devices == NULL)
        return C2D_USAGE;
    make_clients(argv, devices, (size_t)count, sends);
    if (results >= 0)
        submit_all(devices, (size_t)count, sends);
    for (; results > 0 && c2d_wait(devices[0].client, -1, &result); results--) {
        if (result.error.status != (sends ? C2D_OK : C2D_NO_MESSAGE))
            fail("c2d_wait()", &result.error);
        note_operation();
    }
    _exit(EXIT_SUCCESS); /* the system frees faster than c2d_client_free() */
}
