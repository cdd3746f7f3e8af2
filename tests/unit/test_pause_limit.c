/* How long operations wait for a hub that fails before they fail. */
#include "../support/submitting.h"

#include <criterion/criterion.h>
#include <unistd.h>

/* Two operations in flight, and this limit. */
static const struct c2d_options *pausing_for(int limit_ms, int retries)
{
    struct c2d_options *options = pausing(2, retries);

    options->patience_ms = limit_ms;
    return options;
}

Test(pause_limit, all_waiting_operations_fail_after_the_limit)
{
    struct script script = {
        .random = 1000,
        .options = pausing_for(4000, 3),
        .replies = { { .written = true }, { 503 }, { 503 }, { 0 }, { 503 }, { 204 } },
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

    send_to(client, "a");
    send_to(client, "b");
    send_to(client, "c");
    send_to(client, "c");
    cr_expect_str_eq(results(client), "c:SERVER! a:UNKNOWN_OUTCOME!? b:SERVER! c:SERVER! ");
    cr_expect_eq(script.request_count, 5);
    send_to(client, "d");
    cr_expect_str_eq(results(client), "d ", "a later operation must have the whole limit again");
    c2d_client_free(client);
}

Test(pause_limit, a_call_that_fails_for_too_long_while_others_succeed_ends_alone)
{
    struct script script = {
        .options = pausing_for(900, 0),
        .replies = { { 503 }, { 204, .delay_ms = 10 }, { 503 }, { 503 }, { 204 } },
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

    send_to(client, "bad");
    send_to(client, "a");
    cr_expect_str_eq(results(client), "a bad:SERVER ");
    cr_expect_eq(script.request_count, 4);
    c2d_client_free(client);
}

Test(pause_limit, calls_that_each_end_in_doubt_end_at_the_limit_too)
{
    struct script script = {
        .options = pausing(1, 0),
        .replies = { { .written = true }, { .written = true }, { .written = true } },
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

    send_to(client, "a");
    cr_expect_str_eq(results(client), "a:UNKNOWN_OUTCOME? ");
    send_to(client, "b");
    script.now_ms += 300000;
    cr_expect_str_eq(results(client), "b:UNKNOWN_OUTCOME!? ");
    c2d_client_free(client);
}

Test(pause_limit, time_without_a_waiting_operation_does_not_count_for_the_limit)
{
    struct script script = {
        .options = pausing(1, 0),
        .replies = { { .written = true }, { .status = 503 }, { .status = 204 } },
        .now_ms = 1000,
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

    send_to(client, "a");
    cr_expect_str_eq(results(client), "a:UNKNOWN_OUTCOME? ");
    script.now_ms += 400000;
    send_to(client, "b");
    cr_expect_str_eq(results(client), "b ");
    c2d_client_free(client);
}

Test(pause_limit, time_in_which_nothing_waits_after_a_cancel_is_not_a_failing_hub_s)
{
    struct c2d_options options = *pausing(1, 3);
    struct script script = { .random = 1000,
                             .options = &options,
                             .replies = { { 503 }, { 503 }, { 204 } } };
    struct c2d_client *client;
    struct c2d_result result;
    char byte;

    options.cancel_fd = script_cancel_fd(&script);
    client = client_for_test(&script, SERVICE_STRING);
    send_to(client, "a");
    cr_expect_not(c2d_wait(client, 100, &result), "the pause begins");
    script_cancel(&script);
    cr_assert(c2d_wait(client, 0, &result));
    cr_assert_eq(read(options.cancel_fd, &byte, 1), 1);
    script.now_ms += options.patience_ms + 1000;
    send_to(client, "b");
    cr_expect_str_eq(results(client), "b ");
    c2d_client_free(client);
}
