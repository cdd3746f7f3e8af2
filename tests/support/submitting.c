#include "submitting.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

const struct c2d_message short_message = { .body = "x", .body_size = 1, .message_id = "m" };

struct c2d_options *parallel(int count)
{
    static struct c2d_options options;

    options = c2d_options_default();
    options.parallel = count;
    options.retries = 1;
    return &options;
}

struct c2d_options *pausing(int count, int retries)
{
    struct c2d_options *options = parallel(count);

    options->connect_timeout_ms = 1000;
    options->timeout_ms = 2000;
    options->retries = retries;
    options->patience_ms = 300000;
    return options;
}

enum c2d_status submit_send(struct c2d_client *client, const char *device_id)
{
    struct c2d_request request = {
        .action = C2D_ACTION_SEND,
        .device_id = device_id,
        .message = &short_message,
        .tag = (void *)device_id,
    };

    return c2d_submit(client, &request, NULL);
}

void send_to(struct c2d_client *client, const char *device_id)
{
    cr_assert_eq(submit_send(client, device_id), C2D_OK);
}

void submit(struct c2d_client *client, const char *lock_token, const char *tag)
{
    struct c2d_request request = {
        .action = lock_token == NULL ? C2D_ACTION_RECEIVE : C2D_ACTION_SETTLE,
        .lock_token = lock_token,
        .tag = (void *)tag,
    };

    cr_assert_eq(c2d_submit(client, &request, NULL), C2D_OK);
}

const char *results(struct c2d_client *client)
{
    static char text[512];
    struct c2d_result result;
    size_t size = 0;

    text[0] = '\0';
    while (c2d_wait(client, -1, &result)) {
        bool ok = result.error.status == C2D_OK;

        size += (size_t)snprintf(
            text + size, sizeof text - size, "%s%s%s%s%s ", (const char *)result.tag, ok ? "" : ":",
            ok ? "" : c2d_status_name(result.error.status), result.error.gave_up ? "!" : "",
            result.error.earlier_try_unanswered ? "?" : "");
        c2d_message_free(result.message);
        cr_assert_lt(size, sizeof text, "too many results");
    }
    return text;
}

bool asked_for(const struct script *script, size_t request, const char *device_id)
{
    return strstr(script->requests[request].url, device_id) != NULL;
}

struct c2d_client *sharing_client(struct c2d_client *first, const char *connection_string)
{
    struct c2d_options options = c2d_options_default();
    struct c2d_client *client = NULL;
    struct c2d_error error;

    options.share = first;
    cr_assert_eq(c2d_client_new(&client, connection_string, &options, &error), C2D_OK, "%s",
                 error.text);
    return client;
}

void make_clients(struct script *script, struct c2d_client *clients[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[160];

        snprintf(text, sizeof text, "HostName=" HUB ";DeviceId=d%zu;SharedAccessKey=" DEVICE_KEY,
                 i);
        clients[i] = i == 0 ? client_for_test(script, text) : sharing_client(clients[0], text);
    }
}
