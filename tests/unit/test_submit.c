/* c2d_submit() and c2d_wait() over a scripted hub: order, limits and cancelling. */
#include "../support/alloc.h"
#include "../support/submitting.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(submit, no_more_operations_are_in_flight_than_allowed)
{
    struct script script = {
        .options = parallel(3),
        .replies = { { 204, .delay_ms = 30 },
                     { 204, .delay_ms = 10 },
                     { 204, .delay_ms = 20 },
                     { 204 },
                     { 204 } },
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

    for (size_t i = 0; i < 5; i++)
        send_to(client, &"a\0b\0c\0d\0e"[i * 2]);
    cr_expect_eq(script.request_count, 0, "submitting sends nothing yet");
    cr_expect_str_eq(results(client), "b d e c a ");
    cr_expect_eq(script.most_flights, 3);
    c2d_client_free(client);
}

Test(submit, sends_to_one_device_keep_their_order)
{
    struct script script = {
        .options = parallel(8),
        .replies = { { 503 }, { 204, .delay_ms = 5 }, { 204 }, { 204 }, { 204 } },
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

    send_to(client, "dev1");
    send_to(client, "dev1");
    send_to(client, "dev2");
    send_to(client, "dev1");
    /* The first send to dev1 is retried: the others to dev1 wait for it, dev2 does not. */
    cr_expect_str_eq(results(client), "dev2 dev1 dev1 dev1 ");
    cr_expect(asked_for(&script, 1, "dev2"));
    cr_expect_eq(script.most_flights, 2);
    c2d_client_free(client);
}

Test(submit, clients_that_share_use_one_bound_and_their_own_tokens)
{
    static const char other[] = "HostName=" HUB ";DeviceId=dev2;SharedAccessKey=" SERVICE_KEY;
    struct script script = {
        .options = parallel(1),
        .replies = { { 204 }, { 204 } },
    };
    struct c2d_client *first = client_for_test(&script, DEVICE_STRING);
    struct c2d_client *second = sharing_client(first, other);

    c2d_submit(second, &(struct c2d_request) { .tag = (char *)"second" }, NULL);
    c2d_submit(first, &(struct c2d_request) { .tag = (char *)"first" }, NULL);
    cr_expect_str_eq(results(first), "second:NO_MESSAGE first:NO_MESSAGE ");
    cr_expect_eq(script.most_flights, 1);
    cr_expect(strstr(script.requests[0].authorization, "dev2&") != NULL);
    cr_expect(strstr(script.requests[1].authorization, "dev1&") != NULL);
    c2d_client_free(first);
    cr_expect_not(script.destroyed, "the other one still uses the connections");
    c2d_client_free(second);
    cr_expect(script.destroyed);
}

Test(submit, only_connections_of_one_hub_can_be_shared)
{
    struct script script = { 0 };
    struct c2d_client *first = client_for_test(&script, DEVICE_STRING), *second = NULL;
    struct c2d_options sharing = c2d_options_default();
    struct c2d_error error;

    sharing.share = first;
    cr_expect_eq(c2d_client_new(&second,
                                "HostName=other.azure-devices.net;DeviceId=d;SharedAccessKey="
                                "a2V5",
                                &sharing, &error),
                 C2D_USAGE);
    cr_expect_null(second);
    c2d_client_free(first);
}

Test(submit, a_message_that_is_received_can_be_settled_in_turn)
{
    struct script script = {
        .options = parallel(2),
        .replies = { { 200, .headers = { "ETag: \"lock\"" }, .body = "hi" }, { 204 } },
    };
    struct c2d_client *client = client_for_test(&script, DEVICE_STRING);
    struct c2d_result result;

    c2d_submit(client, &(struct c2d_request) { .action = C2D_ACTION_RECEIVE }, NULL);
    cr_assert(c2d_wait(client, -1, &result));
    cr_assert_not_null(result.message);
    cr_expect_str_eq(result.message->lock_token, "lock");
    cr_expect_eq(c2d_submit(client,
                            &(struct c2d_request) { .action = C2D_ACTION_SETTLE,
                                                    .lock_token = result.message->lock_token,
                                                    .outcome = C2D_COMPLETE,
                                                    .tag = (char *)"settled" },
                            NULL),
                 C2D_OK);
    c2d_message_free(result.message); /* the token was copied */
    cr_expect_str_eq(results(client), "settled ");
    cr_expect(strstr(script.requests[1].url, "/lock?") != NULL);
    c2d_client_free(client);
}

Test(submit, waiting_ends_at_its_time_out_and_if_nothing_is_in_flight)
{
    struct script script = { .options = parallel(1), .replies = { { 204, .delay_ms = 500 } } };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
    struct c2d_result result;

    cr_expect_not(c2d_wait(client, -1, &result));
    send_to(client, "dev1");
    cr_expect_not(c2d_wait(client, 100, &result));
    cr_expect_eq(script.now_ms, 100);
    cr_expect(c2d_wait(client, 1000, &result));
    c2d_client_free(client);
}

Test(submit, a_waiting_call_in_between_leaves_the_results_of_others_alone)
{
    struct script script = {
        .options = parallel(4),
        .replies = { { 204 }, { 204, .delay_ms = 10 } },
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

    send_to(client, "dev1");
    cr_expect_eq(c2d_send(client, "dev2", &short_message, NULL), C2D_OK);
    cr_expect_str_eq(results(client), "dev1 ");
    c2d_client_free(client);
}

Test(submit, a_hub_that_does_not_know_the_path_gets_the_older_form)
{
    struct script script = { .options = parallel(2), .replies = { { 404 }, { 204 } } };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

    send_to(client, "dev1");
    cr_expect_str_eq(results(client), "dev1 ");
    cr_expect(strstr(script.requests[1].url, "/messages/deviceBound?") != NULL);
    cr_expect(strstr(script.requests[1].headers, "iothub-to: /devices/dev1/") != NULL);
    c2d_client_free(client);
}

Test(submit, the_older_form_of_a_send_keeps_its_place_before_later_sends)
{
    struct script script = { .options = parallel(2), .replies = { { 404 }, { 204 }, { 204 } } };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

    send_to(client, "dev1");
    send_to(client, "dev1");
    cr_expect_str_eq(results(client), "dev1 dev1 ");
    cr_expect(strstr(script.requests[1].url, "/messages/deviceBound?") != NULL
                  && strstr(script.requests[1].url, "/devices/") == NULL,
              "the second request is %s", script.requests[1].url);
    c2d_client_free(client);
}

Test(submit, operation_in_back_off_ends_at_its_time_out_if_others_take_all_places)
{
    struct c2d_options *options = parallel(1);
    struct script script = {
        .options = options,
        .replies = { { 503, .delay_ms = 1000 }, { .silent = true, .written = true } },
    };
    struct c2d_client *client;

    options->timeout_ms = 2000;
    client = client_for_test(&script, SERVICE_STRING);
    send_to(client, "dev1");
    send_to(client, "dev2"); /* in flight from 1 s to 3 s */
    cr_expect_str_eq(results(client), "dev1:SERVER dev2:UNKNOWN_OUTCOME? ");
    cr_expect_eq(script.request_count, 2, "no attempt is made after the time-out");
    c2d_client_free(client);
}

static enum c2d_status look_up(struct c2d_client *client, const char *device_id)
{
    return c2d_submit(client,
                      &(struct c2d_request) { .action = C2D_ACTION_DEVICE_INFO,
                                              .device_id = device_id,
                                              .tag = (void *)device_id },
                      NULL);
}

Test(submit, devices_are_looked_up_in_parallel_and_each_has_its_own_result)
{
    struct script script = {
        .options = parallel(2),
        .replies = { { 200, .body = "{\"deviceId\":\"a\"}", .delay_ms = 20 },
                     { 404, .body = "{\"Message\":\"ErrorCode:DeviceNotFound;x\"}" },
                     { 200, .body = "[]" } },
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
    struct c2d_result result;

    cr_assert_eq(look_up(client, "a"), C2D_OK);
    cr_assert_eq(look_up(client, "b"), C2D_OK);
    cr_assert_eq(look_up(client, "c"), C2D_OK);
    cr_assert(c2d_wait(client, -1, &result));
    cr_expect(strcmp(result.tag, "b") == 0 && result.device_info == NULL);
    cr_expect_eq(result.error.status, C2D_NOT_FOUND);
    cr_assert(c2d_wait(client, -1, &result));
    cr_expect(strcmp(result.tag, "c") == 0 && result.device_info == NULL);
    cr_expect_eq(result.error.status, C2D_PROTOCOL);
    cr_assert(c2d_wait(client, -1, &result));
    cr_expect_eq(result.action, C2D_ACTION_DEVICE_INFO);
    cr_assert(strcmp(result.tag, "a") == 0 && result.device_info != NULL);
    cr_expect_str_eq(result.device_info->device_id, "a");
    cr_expect_eq(script.most_flights, 2);
    c2d_device_info_free(result.device_info);
    c2d_client_free(client);
}

Test(submit, an_incomplete_request_is_refused_at_once)
{
    struct script script = { 0 };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
    struct c2d_result result;

    cr_expect_eq(submit_send(client, NULL), C2D_USAGE);
    cr_expect_eq(submit_send(client, "a/b"), C2D_DATA);
    cr_expect_eq(c2d_submit(client, &(struct c2d_request) { .action = C2D_ACTION_SETTLE }, NULL),
                 C2D_USAGE);
    cr_expect_eq(look_up(client, NULL), C2D_USAGE);
    cr_expect_eq(look_up(client, "a/b"), C2D_DATA);
    cr_expect_not(c2d_wait(client, -1, &result));
    c2d_client_free(client);
}

Test(submit, results_that_were_not_returned_are_freed_with_the_client)
{
    struct script script = {
        .options = parallel(2),
        .replies = { { 204 }, { 204, .delay_ms = 1000 }, { 503 } },
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
    struct c2d_result result;

    for (size_t i = 0; i < 4; i++)
        send_to(client, i % 2 == 0 ? "dev1" : "dev2");
    cr_assert(c2d_wait(client, -1, &result));
    c2d_client_free(client); /* a leak fails the run */
    cr_expect_eq(script.cancelled, script.flight_count + script.cancelled);
}

Test(submit, failed_allocation_returns_nothing_and_leaks_nothing)
{
    struct script script = { .options = parallel(1), .replies = { { 204 } } };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

    for (size_t n = 0; alloc_next(&n);) {
        enum c2d_status status;

        alloc_fail_at(n, false);
        status = submit_send(client, "dev1");
        cr_assert_eq(status, alloc_stop() ? C2D_OS : C2D_OK, "allocation %zu: %d", n, status);
    }
    cr_expect_str_eq(results(client), "dev1 ");
    c2d_client_free(client);
}

Test(submit, throttling_pauses_all_operations_and_counts_as_no_attempt)
{
    struct script script = {
        .options = &(struct c2d_options) { .size = sizeof(struct c2d_options),
                                           .connect_timeout_ms = 1000,
                                           .timeout_ms = 2000,
                                           .retries = 0,
                                           .cancel_fd = -1,
                                           .parallel = 2,
                                           .patience_ms = 300000 },
        .replies = { { 429, .headers = { "Retry-After: 10" } },
                     { 204, .delay_ms = 20 },
                     { 204 },
                     { 204 } },
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

    send_to(client, "dev1");
    send_to(client, "dev2");
    send_to(client, "dev3");
    /* The probe is the call with the fewest attempts. */
    cr_expect_str_eq(results(client), "dev2 dev3 dev1 ");
    cr_expect_eq(script.requests[2].at_ms, 10000, "neither dev1 nor dev3 before");
    cr_expect_eq(script.requests[3].at_ms, 10000);
    c2d_client_free(client);
}

Test(submit, operations_fail_after_five_minutes_of_throttling)
{
    struct script script = {
        .options = &(struct c2d_options) { .size = sizeof(struct c2d_options),
                                           .connect_timeout_ms = 1000,
                                           .timeout_ms = 2000,
                                           .retries = 0,
                                           .cancel_fd = -1,
                                           .patience_ms = 50000 },
        .replies = { { 429, .headers = { "Retry-After: 29" } },
                     { 429, .headers = { "Retry-After: 29" } },
                     { 429 } },
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

    send_to(client, "dev1");
    cr_expect_str_eq(results(client), "dev1:THROTTLED! ");
    cr_expect_eq(script.request_count, 3);
    c2d_client_free(client);
}

Test(submit, a_token_that_one_renews_is_still_masked_for_another)
{
    struct script script = {
        .options = parallel(2),
        .replies = { { 401 }, { 400, .delay_ms = 5, .echoes = true }, { 204, .delay_ms = 1 } },
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
    struct c2d_result result;

    send_to(client, "dev1");
    send_to(client, "dev2");
    for (int i = 0; i < 2; i++) {
        cr_assert(c2d_wait(client, -1, &result));
        /* The signature, as the request carried it, is in no text. */
        cr_expect_null(strstr(result.error.text, strstr(script.requests[1].authorization, "sig=")));
        cr_expect_null(
            strstr(result.error.hub_code_name, strstr(script.requests[1].authorization, "sig=")));
    }
    c2d_client_free(client);
}

Test(submit, one_wait_keeps_its_time_whatever_forms_the_sends_take)
{
    struct script script = { .options = parallel(1) };
    struct c2d_client *client;
    struct c2d_result result;

    for (size_t i = 0; i < 16; i++)
        script.replies[i] = (struct script_reply) { 404, .delay_ms = 900 };
    client = client_for_test(&script, SERVICE_STRING);
    for (size_t i = 0; i < 8; i++)
        send_to(client, &"a\0b\0c\0d\0e\0f\0g\0h"[i * 2]);
    cr_expect_not(c2d_wait(client, 1000, &result));
    cr_expect_eq(script.now_ms, 1000);
    c2d_client_free(client);
}
