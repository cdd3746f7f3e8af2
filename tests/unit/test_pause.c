/* A scripted hub that fails while many operations are in flight. */
#include "../support/submitting.h"

#include <criterion/criterion.h>

Test(pause, one_probe_at_a_time_asks_a_hub_that_fails_until_it_works)
{
    struct script script = {
        .random = 1000, /* delays: 1500, 1500, ... */
        .options = pausing(3, 0),
        .replies = { { 503 }, { 503 }, { 503 }, { 503, .delay_ms = 100 }, { 503 }, { 204 } },
    };
    struct c2d_client *client;

    for (size_t i = 6; i < 12; i++)
        script.replies[i].status = 204;
    client = client_for_test(&script, SERVICE_STRING);
    send_to(client, "a");
    send_to(client, "b");
    send_to(client, "c");
    send_to(client, "d");
    cr_expect_str_eq(results(client), "b c d a ");
    cr_expect_eq(script.request_count, 9, "%zu requests", script.request_count);
    cr_expect(asked_for(&script, 3, "/d/"), "the probe must be d, which had no attempt");
    cr_expect_eq(script.requests[3].at_ms, 1500);
    cr_expect(asked_for(&script, 4, "/a/"),
              "the probe must be the oldest of those with one attempt");
    cr_expect_eq(script.requests[4].at_ms, 3100);
    cr_expect_eq(script.requests[5].at_ms, 4600);
    cr_expect_eq(script.requests[6].at_ms, 4600, "all others must be sent at once");
    cr_expect_eq(script.requests[8].at_ms, 4600);
    c2d_client_free(client);
}

Test(pause, the_back_off_grows_up_to_its_cap)
{
    struct script script = {
        .random = 29999, /* modulo spans that grow */
        .options = pausing(1, 0),
    };
    struct c2d_client *client;
    int64_t longest_ms = 0;

    for (size_t i = 0; i < 20; i++)
        script.replies[i].status = i < 19 ? 503 : 204;
    client = client_for_test(&script, SERVICE_STRING);
    send_to(client, "a");
    results(client);
    for (size_t i = 1; i < script.request_count; i++) {
        int64_t delay_ms = script.requests[i].at_ms - script.requests[i - 1].at_ms;

        cr_expect(delay_ms >= 500 && delay_ms <= 30000, "%lld ms", (long long)delay_ms);
        longest_ms = delay_ms > longest_ms ? delay_ms : longest_ms;
    }
    cr_expect_gt(longest_ms, 5000);
    c2d_client_free(client);
}

static const struct {
    struct script_reply reply;
    bool pauses;
} kinds[] = {
    { { .status = 429 }, true },
    { { 500, .headers = { "iothub-errorcode: ServerError" } }, true },
    { { .status = 503 }, true },
    { { 404, .headers = { "iothub-errorcode: IotHubFailingOver" } }, true },
    { { 400, .headers = { "iothub-errorcode: RequestTimedOut" } }, true },
    { { .failure = C2D_NETWORK }, true },
    { { .failure = C2D_TIMEOUT }, true },
    { { .failure = C2D_NETWORK, .written = true }, true },
    { { .status = 400 }, false },
    { { .status = 403 }, false },
    { { 404, .headers = { "iothub-errorcode: DeviceNotFound" } }, false },
    { { .failure = C2D_TLS, .final = true }, false },
};

Test(pause, a_server_error_or_a_lost_response_is_a_failure_of_the_hub)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct script script = {
            .options = pausing(1, 0),
            .replies = { kinds[i].reply, { 204 }, { 204 } },
        };
        struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

        send_to(client, "a");
        send_to(client, "b");
        results(client);
        cr_expect(asked_for(&script, 1, "/b/"));
        cr_expect_eq(script.requests[1].at_ms, kinds[i].pauses ? 500 : 0, "row %zu", i);
        c2d_client_free(client);
    }
}

Test(pause, failures_of_the_hub_count_as_no_retry_and_not_for_the_time_out)
{
    struct script script = { .random = 1000, .options = pausing(1, 0) };
    struct c2d_client *client;

    for (size_t i = 0; i < 8; i++)
        script.replies[i] = (struct script_reply) { i % 2 == 0 ? 503 : 0, .delay_ms = 900 };
    script.replies[8].status = 204;
    client = client_for_test(&script, SERVICE_STRING);
    send_to(client, "a");
    cr_expect_str_eq(results(client), "a ");
    cr_expect_eq(script.request_count, 9);
    cr_expect_eq(script.requests[8].timeout_ms, 2000, "all of it");
    c2d_client_free(client);
}

static const struct {
    const char *what;
    int retries;
    struct script_reply reply; /* to the first two attempts */
    const char *results;
    size_t requests;
} lost[] = {
    { "no response, no retries",
      0,
      { .silent = true, .written = true },
      "a:UNKNOWN_OUTCOME? b:UNKNOWN_OUTCOME? ",
      2 },
    { "no response, one retry", 1, { .silent = true, .written = true }, "a? b? ", 4 },
    { "cut, no retries", 0, { .written = true }, "a:UNKNOWN_OUTCOME? b:UNKNOWN_OUTCOME? ", 2 },
    { "a gateway's 502, no retries",
      0,
      { .status = 502 },
      "a:UNKNOWN_OUTCOME? b:UNKNOWN_OUTCOME? ",
      2 },
    { "the hub's own 500, no retries",
      0,
      { 500, .headers = { "iothub-errorcode: ServerError" } },
      "a b ",
      4 },
};

Test(pause, an_attempt_without_a_response_counts_as_a_failure_of_the_hub)
{
    for (size_t i = 0; i < COUNT(lost); i++) {
        struct script script = {
            .options = pausing(1, lost[i].retries),
            .replies = { lost[i].reply, lost[i].reply, { 204 }, { 204 } },
        };
        struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
        const char *got;

        send_to(client, "a");
        send_to(client, "b");
        got = results(client);
        cr_expect_str_eq(got, lost[i].results, "%s: %s", lost[i].what, got);
        cr_expect_eq(script.request_count, lost[i].requests, "%s", lost[i].what);
        c2d_client_free(client);
    }
}

Test(pause, one_device_that_always_fails_does_not_stop_the_others)
{
    struct script script = { .random = 1000, .options = pausing(1, 0) };
    struct c2d_client *client;
    struct c2d_result result;

    for (size_t i = 0; i < 5; i++)
        script.replies[i].status = i % 2 == 0 ? 503 : 204;
    script.replies[4].status = 204;
    client = client_for_test(&script, SERVICE_STRING);
    send_to(client, "bad");
    cr_expect_not(c2d_wait(client, 0, &result));
    cr_expect_eq(c2d_backing_off(client), 1);
    send_to(client, "a");
    send_to(client, "b");
    cr_expect_str_eq(results(client), "a b bad ");
    cr_expect_eq(script.requests[1].at_ms, 1500, "the probe must not be for bad");
    cr_expect(asked_for(&script, 2, "/bad/"));
    cr_expect(asked_for(&script, 3, "/b/"));
    cr_expect_eq(script.requests[3].at_ms, 1500, "bad must not pause others again");
    c2d_client_free(client);
}

Test(pause, a_call_that_fails_again_after_others_got_through_pauses_only_itself)
{
    struct script script = {
        .random = 1000,
        .options = pausing(2, 0),
        .replies = { { 503 }, { 204, .delay_ms = 10 }, { 503 }, { 204 }, { 204 } },
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
    struct c2d_result result;

    send_to(client, "bad");
    send_to(client, "a");
    cr_expect(c2d_wait(client, 1000, &result), "a");
    cr_expect_not(c2d_wait(client, 1500, &result), "bad must be retried without a result yet");
    cr_expect_eq(script.request_count, 3);
    send_to(client, "b");
    cr_expect(c2d_wait(client, 0, &result));
    cr_expect_str_eq(result.tag, "b", "at once");
    cr_expect_str_eq(results(client), "bad ");
    c2d_client_free(client);
}

Test(pause, a_settlement_does_not_wait)
{
    static const char other[] = "HostName=" HUB ";DeviceId=dev2;SharedAccessKey=" SERVICE_KEY;
    struct script script = {
        .random = 1000,
        .options = pausing(2, 1),
        .replies = { { 503, .headers = { "Retry-After: 30" } }, { 503 }, { 204 }, { 204 } },
    };
    struct c2d_client *first = client_for_test(&script, DEVICE_STRING);
    struct c2d_client *second = sharing_client(first, other);
    struct c2d_result result;

    c2d_submit(first, &(struct c2d_request) { .tag = (char *)"receive" }, NULL);
    cr_expect_not(c2d_wait(first, 0, &result), "the pause begins");
    c2d_submit(second,
               &(struct c2d_request) {
                   .action = C2D_ACTION_SETTLE, .lock_token = "t", .tag = (char *)"settle" },
               NULL);
    cr_expect_str_eq(results(first), "settle receive:NO_MESSAGE ");
    cr_expect_eq(script.requests[1].at_ms, 0);
    cr_expect_eq(script.requests[2].at_ms, 1500, "the usual retry");
    c2d_client_free(first);
    c2d_client_free(second);
}

Test(pause, a_401_is_a_response_and_its_fresh_token_goes_out_at_once)
{
    struct script script = {
        .random = 1000,
        .options = pausing(2, 1),
        .replies = { { 503 }, { 503 }, { 401 }, { 204 }, { 204 } },
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

    send_to(client, "a");
    send_to(client, "b");
    cr_expect_str_eq(results(client), "a b ");
    cr_expect_eq(script.requests[3].at_ms, 1500);
    c2d_client_free(client);
}

Test(pause, an_attempt_that_hangs_does_not_keep_the_probe_back)
{
    struct script script = {
        .options = pausing(2, 1),
        .replies = { { .silent = true, .written = true },
                     { 503, .delay_ms = 100 },
                     { 204 },
                     { 204 } },
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

    send_to(client, "a");
    send_to(client, "b");
    cr_expect_str_eq(results(client), "b a? ");
    cr_expect_eq(script.requests[2].at_ms, 600, "not after the time-out of a");
    c2d_client_free(client);
}

static void count_warning(void *context, const struct c2d_event *event)
{
    if (event->kind == C2D_EVENT_WARNING)
        ++*(int *)context;
}

Test(pause, an_outage_causes_one_warning_and_a_single_failure_none)
{
    int warnings = 0;
    struct c2d_options options = *pausing(1, 0);
    struct script script = {
        .options = &options,
        .replies = { { 503 }, { 204 }, { 503 }, { 503 }, { 503 }, { 204 } },
    };
    struct c2d_client *client;

    options.observer = count_warning;
    options.observer_context = &warnings;
    client = client_for_test(&script, SERVICE_STRING);
    send_to(client, "a");
    cr_expect_str_eq(results(client), "a ");
    cr_expect_eq(warnings, 0);
    send_to(client, "b");
    cr_expect_str_eq(results(client), "b ");
    cr_expect_eq(warnings, 1);
    c2d_client_free(client);
}

Test(pause, a_response_that_came_while_the_process_was_stopped_counts)
{
    struct script script = {
        .options = pausing(1, 0),
        .replies = { { 204, .delay_ms = 100 } },
        .stopped_ms = 60000,
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

    send_to(client, "a");
    cr_expect_str_eq(results(client), "a ");
    cr_expect_eq(script.cancelled, 0);
    c2d_client_free(client);
}

Test(pause, a_probe_that_ends_without_an_attempt_makes_room_for_another)
{
    struct script script = { .random = 1000,
                             .options = pausing(1, 3),
                             .replies = { { 503 }, { 204 }, { 204 } } };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
    struct c2d_message expires = {
        .body = "x", .body_size = 1, .message_id = "m", .expires_at_s = SCRIPT_START_S + 1
    };

    send_to(client, "a");
    cr_assert_eq(c2d_submit(client,
                            &(struct c2d_request) { .action = C2D_ACTION_SEND,
                                                    .device_id = "b",
                                                    .message = &expires,
                                                    .tag = (char *)"b" },
                            NULL),
                 C2D_OK);
    send_to(client, "c");
    cr_expect_str_eq(results(client), "b:DATA c a ");
    c2d_client_free(client);
}
