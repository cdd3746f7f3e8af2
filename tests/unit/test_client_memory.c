/* Every public operation with its n-th allocation failing, for n = 1, 2, ... until none fails. */
#include "../support/alloc.h"
#include "../support/script.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct c2d_message full = {
    .body = "hello",
    .body_size = 5,
    .message_id = "m1",
    .content_type = "text/plain",
    .ack = C2D_ACK_FULL,
    .expires_at_s = 1767355200,
    .properties = (const struct c2d_property[]) { { "a", "b" }, { "c", "d" } },
    .property_count = 2,
};

/* Runs one operation; *left becomes true if it failed and left something in its out parameter. */
typedef enum c2d_status operation(struct c2d_client *client, struct c2d_error *error, bool *left);

static enum c2d_status do_send(struct c2d_client *client, struct c2d_error *error, bool *left)
{
    (void)left;
    return c2d_send(client, "dev1", &full, error);
}

static enum c2d_status do_receive(struct c2d_client *client, struct c2d_error *error, bool *left)
{
    struct c2d_message *message = NULL;
    enum c2d_status status = c2d_receive(client, &message, error);

    *left = status != C2D_OK && message != NULL;
    c2d_message_free(message);
    return status;
}

static enum c2d_status do_complete(struct c2d_client *client, struct c2d_error *error, bool *left)
{
    (void)left;
    return c2d_settle(client, "t", C2D_COMPLETE, error);
}

static enum c2d_status do_reject(struct c2d_client *client, struct c2d_error *error, bool *left)
{
    (void)left;
    return c2d_settle(client, "t", C2D_REJECT, error);
}

static enum c2d_status do_feedback(struct c2d_client *client, struct c2d_error *error, bool *left)
{
    struct c2d_feedback *batch = NULL;
    enum c2d_status status = c2d_feedback_receive(client, &batch, error);

    *left = status != C2D_OK && batch != NULL;
    c2d_feedback_free(batch);
    return status;
}

static enum c2d_status do_abandon(struct c2d_client *client, struct c2d_error *error, bool *left)
{
    (void)left;
    return c2d_feedback_settle(client, "t", C2D_ABANDON, error);
}

static enum c2d_status do_purge(struct c2d_client *client, struct c2d_error *error, bool *left)
{
    int64_t purged = -1;
    enum c2d_status status = c2d_purge(client, "dev1", &purged, error);

    *left = status != C2D_OK && purged != -1;
    return status;
}

static enum c2d_status do_device(struct c2d_client *client, struct c2d_error *error, bool *left)
{
    struct c2d_device_info *info = NULL;
    enum c2d_status status = c2d_device_info_get(client, "dev1", &info, error);

    *left = status != C2D_OK && info != NULL;
    c2d_device_info_free(info);
    return status;
}

static enum c2d_status do_probe(struct c2d_client *client, struct c2d_error *error, bool *left)
{
    struct c2d_probe probe;

    (void)left;
    return c2d_probe(client, &probe, error);
}

static enum c2d_status do_token(struct c2d_client *client, struct c2d_error *error, bool *left)
{
    char *token = NULL;
    enum c2d_status status = c2d_sas_token(client, NULL, 60, &token, error);

    *left = status != C2D_OK && token != NULL;
    free(token);
    return status;
}

static void count_event(void *context, const struct c2d_event *event)
{
    if (event->kind == C2D_EVENT_DRY_RUN)
        ++*(size_t *)context;
}

/* Fails allocation n of the operation, once or for good. */
static void fail_one(operation *run, const char *connection_string,
                     const struct script_reply *replies, size_t n, bool lasting)
{
    size_t dry_runs = 0;
    struct c2d_options options = c2d_options_default();
    struct script script = { .options = &options };
    struct c2d_client *client;
    struct c2d_error error = { 0 };
    bool left = false, failed;
    enum c2d_status status;

    options.trace = true;
    options.observer = count_event;
    options.observer_context = &dry_runs;
    memcpy(script.replies, replies, 2 * sizeof *replies);
    client = client_for_test(&script, connection_string);
    alloc_fail_at(n, lasting);
    status = run(client, &error, &left);
    failed = alloc_stop();
    cr_expect(status == C2D_OK || (failed && status == C2D_OS), "allocation %zu%s: %s: %s", n,
              lasting ? " and all later ones" : "", c2d_status_name(status), error.text);
    cr_expect_eq(error.status, status, "allocation %zu", n);
    cr_expect_not(left, "allocation %zu: the out parameter is set", n);
    c2d_client_free(client);
}

static void fail_each(operation *run, const char *connection_string,
                      const struct script_reply *replies)
{
    /* Trees of JSON are allocated inside another library. */
    cJSON_InitHooks(&(cJSON_Hooks) { .malloc_fn = alloc_malloc, .free_fn = free });
    for (int lasting = 0; lasting < 2; lasting++) {
        size_t n = 0;

        while (alloc_next(&n))
            fail_one(run, connection_string, replies, n, lasting != 0);
        cr_expect_gt(n, 3, "the operation must make three allocations or more");
    }
}

static const struct script_reply done[2] = { { .status = 503 }, { .status = 204 } };

Test(client_memory, send_survives_every_lost_allocation)
{
    fail_each(do_send, SERVICE_STRING, done);
}

Test(client_memory, send_to_an_older_hub_survives_every_lost_allocation)
{
    static const struct script_reply older[2] = { { .status = 404 }, { .status = 204 } };

    fail_each(do_send, SERVICE_STRING, older);
}

Test(client_memory, send_in_doubt_stays_so_if_memory_lacks_for_its_older_form)
{
    struct script_reply replies[] = { { .written = true }, { .status = 404 }, { .status = 204 } };

    for (size_t n = 0; alloc_next(&n);) {
        struct script script = { 0 };
        struct c2d_client *client;
        struct c2d_error error = { 0 };
        bool left;

        memcpy(script.replies, replies, sizeof replies);
        client = client_for_test(&script, SERVICE_STRING);
        alloc_fail_at(n, false);
        do_send(client, &error, &left);
        alloc_stop();
        cr_expect_eq(error.attempts, script.request_count, "allocation %zu: %s", n, error.text);
        cr_expect(script.request_count == 0 || error.earlier_try_unanswered, "allocation %zu: %s",
                  n, error.text);
        c2d_client_free(client);
    }
}

Test(client_memory, receive_survives_every_lost_allocation)
{
    static const struct script_reply replies[2] = {
        { .status = 401, .headers = { "Date: Wed, 31 Dec 2025 22:00:00 GMT" } },
        { .status = 200, .headers = { "ETag: \"t\"", "iothub-app-a: b" }, .body = "hello" },
    };

    fail_each(do_receive, DEVICE_STRING, replies);
}

Test(client_memory, settlement_survives_every_lost_allocation)
{
    fail_each(do_complete, DEVICE_STRING, done);
    fail_each(do_reject, DEVICE_STRING, done);
    fail_each(do_abandon, SERVICE_STRING, done);
}

Test(client_memory, feedback_survives_every_lost_allocation)
{
    static const struct script_reply replies[2] = {
        { .status = 200,
          .headers = { "ETag: \"t\"" },
          .body = "[{\"deviceId\":\"d\",\"new\":[1]},{\"statusCode\":0}]" },
    };

    fail_each(do_feedback, SERVICE_STRING, replies);
}

Test(client_memory, purge_survives_every_lost_allocation)
{
    static const struct script_reply replies[2] = {
        { .status = 200, .body = "{\"totalMessagesPurged\":3}" },
    };

    fail_each(do_purge, SERVICE_STRING, replies);
}

Test(client_memory, registry_survives_every_lost_allocation)
{
    static const struct script_reply replies[2] = {
        { .status = 200,
          .body = "{\"deviceId\":\"d\",\"status\":\"enabled\",\"authentication\":{\"k\":\"v\"}}" },
    };

    fail_each(do_device, SERVICE_STRING, replies);
}

Test(client_memory, probe_survives_every_lost_allocation)
{
    static const struct script_reply replies[2] = { { .status = 401 }, { .status = 412 } };

    fail_each(do_probe, DEVICE_STRING, replies);
    fail_each(do_probe, SERVICE_STRING, replies);
}

Test(client_memory, token_survives_every_lost_allocation)
{
    fail_each(do_token, SERVICE_STRING, done);
}

Test(client_memory, creation_of_a_client_survives_every_lost_allocation)
{
    for (size_t n = 0; alloc_next(&n);) {
        struct script script = { 0 };
        struct http_transport transport = script_transport(&script);
        struct clock clock = script_clock(&script);
        struct c2d_options options = c2d_options_default();
        struct c2d_client *client = NULL;
        struct c2d_error error;
        enum c2d_status status;
        bool failed;

        options.api_version = "x";
        options.proxy = "http://p";
        options.proxy_user = "u";
        options.proxy_password = "p";
        options.no_proxy = "n";
        alloc_fail_at(n, false);
        status = client_new_over(&client, DEVICE_STRING, &options, &transport, &clock, &error);
        failed = alloc_stop();
        cr_expect_eq(status, failed ? C2D_OS : C2D_OK, "allocation %zu: %s: %s", n,
                     c2d_status_name(status), error.text);
        cr_expect_eq(client == NULL, failed, "allocation %zu", n);
        cr_expect_eq(script.destroyed, failed, "allocation %zu: the transport is leaked", n);
        c2d_client_free(client);
    }
}

Test(client_memory, dry_run_without_memory_for_its_output_fails)
{
    for (size_t n = 0; alloc_next(&n);) {
        size_t dry_runs = 0;
        struct c2d_options options = c2d_options_default();
        struct script script = { .options = &options };
        struct c2d_client *client;
        enum c2d_status status;

        options.dry_run = true;
        options.observer = count_event;
        options.observer_context = &dry_runs;
        client = client_for_test(&script, SERVICE_STRING);
        alloc_fail_at(n, false);
        status = c2d_send(client, "dev1", &full, NULL);
        alloc_stop();
        cr_expect_eq(status, dry_runs == 1 ? C2D_DRY_RUN : C2D_OS, "allocation %zu: %s", n,
                     c2d_status_name(status));
        c2d_client_free(client);
    }
}
