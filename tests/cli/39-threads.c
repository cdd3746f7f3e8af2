/* Eight threads, each makes clients, uses them in every way and frees them many
 * times. Every other thread has devices that share their connections.
 * usage: threads REPEATS; prints how many operations have succeeded */
#include "39-embed.h"

#include <pthread.h>
#include <stdint.h>

enum { THREADS = 8, DEVICES = 2, SUBMITTED = 3 };

static long repeats;

struct worker {
    pthread_t thread;
    unsigned number;
    size_t succeeded;
};

static unsigned device_number(const struct worker *worker, unsigned which)
{
    return worker->number * DEVICES + which;
}

static void submit(struct c2d_client *client, const struct c2d_request *request)
{
    struct c2d_error error;

    if (c2d_submit(client, request, &error) != C2D_OK)
        embed_fail("c2d_submit", &error);
}

/* Submitted sends and, as each has its result, a receive and a settlement. */
static void use_together(struct worker *worker, struct c2d_client *service,
                         struct c2d_client *device)
{
    static const struct c2d_message message = { .body = "submitted", .body_size = 9 };
    struct c2d_result result;
    char id[16];

    embed_id(id, device_number(worker, 0));
    for (int i = 0; i < SUBMITTED; i++)
        submit(service, &(struct c2d_request) {
                            .action = C2D_ACTION_SEND, .device_id = id, .message = &message });
    while (c2d_wait(service, -1, &result)) {
        if (result.error.status != C2D_OK)
            embed_fail("c2d_wait (back end)", &result.error);
        submit(device, &(struct c2d_request) { .action = C2D_ACTION_RECEIVE });
        worker->succeeded++;
    }
    while (c2d_wait(device, -1, &result)) {
        if (result.error.status != C2D_OK)
            embed_fail("c2d_wait (device)", &result.error);
        if (result.message != NULL)
            submit(device, &(struct c2d_request) { .action = C2D_ACTION_SETTLE,
                                                   .lock_token = result.message->lock_token,
                                                   .outcome = C2D_COMPLETE });
        c2d_message_free(result.message);
        worker->succeeded++;
    }
}

/* What needs no connection, but other state that threads could have in common. */
static void use_alone(struct c2d_client *client)
{
    struct c2d_error error;
    char *token = NULL, uuid[37];

    if (c2d_uuid(uuid) != C2D_OK || c2d_sas_token(client, NULL, 60, &token, &error) != C2D_OK)
        embed_fail("uuid or token", NULL);
    free(token);
}

static void *work(void *context)
{
    struct worker *worker = context;

    for (long i = 0; i < repeats; i++) {
        struct c2d_client *service = embed_service(2, NULL);
        struct c2d_client *devices[DEVICES];
        struct c2d_error error;
        int64_t purged;
        char id[16];

        for (unsigned j = 0; j < DEVICES; j++)
            devices[j] = embed_device(device_number(worker, j), 2,
                                      j > 0 && worker->number % 2 == 0 ? devices[0] : NULL);
        for (unsigned j = 0; j < DEVICES; j++) {
            embed_round_trip(service, devices[j], device_number(worker, j));
            use_alone(devices[j]);
            worker->succeeded += 3;
        }
        use_together(worker, service, devices[0]);
        embed_id(id, device_number(worker, 1));
        if (c2d_purge(service, id, &purged, &error) != C2D_OK || purged != 0)
            embed_fail("c2d_purge", &error);
        worker->succeeded++;
        /* One that others share may go first. */
        c2d_client_free(devices[i % DEVICES]);
        c2d_client_free(service);
        c2d_client_free(devices[(i + 1) % DEVICES]);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct worker workers[THREADS] = { 0 };
    size_t succeeded = 0;

    if (argc != 2 || (repeats = atol(argv[1])) < 1)
        return C2D_USAGE;
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i].number = i;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            embed_fail("pthread_create", NULL);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        succeeded += workers[i].succeeded;
    }
    printf("%zu operations\n", succeeded);
    return 0;
}
