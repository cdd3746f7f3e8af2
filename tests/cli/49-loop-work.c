#include "49-loop-work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEVICES_MAX = 20000 };

static void fail(struct work *work, const char *what, const struct c2d_error *error)
{
    fprintf(stderr, "%s: %s: %s\n", what, c2d_status_name(error->status), error->text);
    work->failed = true;
}

/* ---- Operations ---- */

/* A refusal leaves nothing under way: no result of it will come. */
static void submit(struct work *work, struct c2d_client *client, struct c2d_request *request,
                   struct device *device)
{
    struct c2d_error error;

    request->tag = device;
    if (c2d_submit(client, request, &error) == C2D_OK)
        work->operations++;
    else
        fail(work, c2d_client_device_id(device->client), &error);
}

static void receive(struct work *work, struct device *device)
{
    struct c2d_request request = { .action = C2D_ACTION_RECEIVE };

    submit(work, device->client, &request, device);
}

static void complete(struct work *work, struct device *device, const char *lock_token)
{
    struct c2d_request request = { .action = C2D_ACTION_SETTLE };

    request.lock_token = lock_token;
    request.outcome = C2D_COMPLETE;
    submit(work, device->client, &request, device);
}

static void send(struct work *work, struct device *device)
{
    struct c2d_request request = { .action = C2D_ACTION_SEND };

    device->message.body = c2d_client_device_id(device->client);
    device->message.body_size = strlen(device->message.body);
    device->message.ack = C2D_ACK_FULL;
    request.device_id = c2d_client_device_id(device->client);
    request.message = &device->message;
    submit(work, work->back_end, &request, device);
}

/* ---- Results ---- */

static void on_received(struct work *work, struct device *device, const struct c2d_result *result)
{
    const struct c2d_message *message = result->message;

    if (result->error.status == C2D_NO_MESSAGE) {
        device->asks_again = true;
    } else if (message == NULL) {
        fail(work, c2d_client_device_id(device->client), &result->error);
    } else {
        printf("%s %.*s\n", message->device_id, (int)message->body_size,
               (const char *)message->body);
        complete(work, device, message->lock_token);
    }
}

static void on_settled(struct work *work, struct device *device, const struct c2d_error *error)
{
    /* The attempt whose response was lost has completed it. */
    bool was_done = error->status == C2D_LOCK_LOST && error->earlier_try_unanswered;

    if (error->status == C2D_OK || was_done)
        work->messages_left--;
    else if (error->status == C2D_LOCK_LOST)
        device->asks_again = true; /* the hub delivers it once more */
    else
        fail(work, c2d_client_device_id(device->client), error);
}

static void on_result(struct work *work, const struct c2d_result *result)
{
    struct device *device = result->tag;

    if (result->action == C2D_ACTION_RECEIVE)
        on_received(work, device, result);
    else if (result->action == C2D_ACTION_SETTLE)
        on_settled(work, device, &result->error);
    else if (result->error.status == C2D_OK)
        work->sends_left--;
    else
        fail(work, "back end", &result->error);
    c2d_message_free(result->message);
}

/* ---- Callbacks of the loops ---- */

static bool is_done(const struct work *work)
{
    return work->failed || (work->sends_left == 0 && work->messages_left == 0);
}

void work_on_readable(struct work *work)
{
    struct c2d_result result;

    work->events++;
    if (is_done(work))
        work->idle_events++;
    /* Once: what is left keeps the descriptor readable. As long as each result leads to the next
     * operation, to go on until there is none would keep the timer waiting. */
    work->calls++;
    if (c2d_wait(work->back_end, 0, &result))
        on_result(work, &result);
}

bool work_on_tick(struct work *work)
{
    work->ticks++;
    if (c2d_pending(work->back_end) > 0)
        work->busy_ticks++;
    if (is_done(work))
        return !work->failed && ++work->idle_ticks < IDLE_TICKS;
    for (size_t i = 0; i < work->device_count; i++) {
        struct device *device = &work->devices[i];

        if (device->asks_again) {
            device->asks_again = false;
            receive(work, device);
        }
    }
    return true;
}

/* ---- Start and end ---- */

/* The client of the next line of stdin; NULL at its end, and after a failure. */
static struct c2d_client *read_client(struct work *work, const struct c2d_options *options)
{
    struct c2d_client *client;
    struct c2d_error error;
    char line[4096];

    if (fgets(line, sizeof line, stdin) == NULL)
        return NULL;
    if (c2d_client_new(&client, line, options, &error) != C2D_OK)
        fail(work, "connection string", &error);
    return client;
}

bool work_start(struct work *work, int argc, char **argv)
{
    struct c2d_options options = c2d_options_default();
    struct c2d_client *client;

    memset(work, 0, sizeof *work);
    work->devices = calloc(DEVICES_MAX, sizeof *work->devices);
    work->failed = argc != 3 || work->devices == NULL;
    if (work->failed)
        return false;
    options.ca_file = argv[1];
    options.parallel = atoi(argv[2]);
    options.share = work->back_end = read_client(work, &options);
    while (!work->failed && work->device_count < DEVICES_MAX
           && (client = read_client(work, &options)) != NULL)
        work->devices[work->device_count++].client = client;
    work->sends_left = work->messages_left = work->device_count;
    /* Each device asks before its message is sent: some find it at once, some ask again. */
    for (size_t i = 0; i < work->device_count && !work->failed; i++) {
        if (c2d_fd(work->devices[i].client) != c2d_fd(work->back_end)) {
            fprintf(stderr, "clients that share have different descriptors\n");
            work->failed = true;
        }
        receive(work, &work->devices[i]);
        send(work, &work->devices[i]);
    }
    return !work->failed;
}

int work_end(struct work *work)
{
    printf("operations=%lu calls=%lu events=%lu ticks=%lu busy_ticks=%lu", work->operations,
           work->calls, work->events, work->ticks, work->busy_ticks);
    printf(" idle_ticks=%lu idle_events=%lu\n", work->idle_ticks, work->idle_events);
    while (work->device_count > 0)
        c2d_client_free(work->devices[--work->device_count].client);
    free(work->devices);
    c2d_client_free(work->back_end);
    return work->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
