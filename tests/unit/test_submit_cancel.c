/* The effect of a readable cancel_fd on operations that were submitted. */
#include "../support/submitting.h"

#include <criterion/criterion.h>
#include <unistd.h>

Test(submit_cancel, a_cancel_ends_queued_operations_and_lets_those_in_flight_finish)
{
    struct script script = {
        .options = parallel(1),
        .replies = { { 204, .delay_ms = 2000, .cancels = true } },
    };
    struct c2d_options options = *script.options;
    struct c2d_client *client;

    options.cancel_fd = script_cancel_fd(&script);
    script.options = &options;
    client = client_for_test(&script, SERVICE_STRING);
    send_to(client, "dev1");
    send_to(client, "dev1");
    send_to(client, "dev2");
    cr_expect_str_eq(results(client), "dev2:CANCELLED dev1 dev1:CANCELLED ");
    cr_expect_eq(script.request_count, 1);
    c2d_client_free(client);
}

Test(submit_cancel, a_cancel_ends_all_waiting_operations)
{
    struct script script = {
        .random = 1000,
        .options = pausing(2, 3),
        .replies = { { 503 }, { 503 }, { 204, .delay_ms = 1000, .cancels = true } },
    };
    struct c2d_options options = *script.options;
    struct c2d_client *client;

    options.cancel_fd = script_cancel_fd(&script);
    script.options = &options;
    client = client_for_test(&script, SERVICE_STRING);
    send_to(client, "a");
    send_to(client, "b");
    send_to(client, "b");
    cr_expect_str_eq(results(client), "b:SERVER b:CANCELLED a ");
    cr_expect_eq(script.request_count, 3);
    c2d_client_free(client);
}

Test(submit_cancel, a_cancel_is_seen_by_a_wait_of_no_time)
{
    struct c2d_options options = *parallel(1);
    struct script script = { .options = &options, .replies = { { 204, .delay_ms = 1000 } } };
    struct c2d_client *clients[1] = { 0 };
    struct c2d_result result;

    options.cancel_fd = script_cancel_fd(&script);
    make_clients(&script, clients, 1);
    submit(clients[0], NULL, "flying");
    submit(clients[0], NULL, "waiting");
    cr_expect_not(c2d_wait(clients[0], 0, &result));
    script_cancel(&script);
    cr_assert(c2d_wait(clients[0], 0, &result));
    cr_expect_eq(result.error.status, C2D_CANCELLED);
    cr_expect_str_eq(result.error.text, "cancelled");
    cr_expect_str_eq(results(clients[0]), "waiting:CANCELLED ");
    c2d_client_free(clients[0]);
}

Test(submit_cancel, a_cancel_lasts_as_long_as_its_descriptor_is_readable)
{
    struct c2d_options options = *parallel(1);
    struct script script = { .options = &options, .replies = { { 204 }, { 204 } } };
    struct c2d_client *clients[2] = { 0 };
    char byte;

    options.cancel_fd = script_cancel_fd(&script);
    make_clients(&script, clients, 2);
    script_cancel(&script);
    submit(clients[0], NULL, "a");
    cr_expect_str_eq(results(clients[0]), "a:CANCELLED ");
    submit(clients[1], NULL, "b");
    cr_expect_str_eq(results(clients[0]), "b:CANCELLED ", "for all that share");
    cr_assert_eq(read(options.cancel_fd, &byte, 1), 1);
    submit(clients[1], NULL, "c");
    cr_expect_str_eq(results(clients[0]), "c:NO_MESSAGE ");
    c2d_client_free(clients[0]);
    c2d_client_free(clients[1]);
}

Test(submit_cancel, a_cancel_descriptor_that_was_closed_cancels_and_does_not_spin)
{
    struct c2d_options options = *parallel(1);
    struct script script = { .options = &options, .replies = { { 204, .delay_ms = 1000 } } };
    struct c2d_client *clients[1] = { 0 };

    options.cancel_fd = script_cancel_fd(&script);
    make_clients(&script, clients, 1);
    close(options.cancel_fd);
    submit(clients[0], NULL, "a");
    submit(clients[0], "t", "settle");
    cr_expect_str_eq(results(clients[0]), "a:CANCELLED settle ");
    cr_expect_eq(script.now_ms, 1000, "a settlement still has its time");
    script.cancel_pipe[1] = 0; /* the script would close both ends */
    c2d_client_free(clients[0]);
}

Test(submit_cancel, a_settlement_that_gets_no_place_after_a_cancel_was_cancelled)
{
    struct c2d_options options = *parallel(1);
    struct script script = { .options = &options, .replies = { { .silent = true, .deaf = true } } };
    struct c2d_client *clients[1] = { 0 };

    options.cancel_fd = script_cancel_fd(&script);
    make_clients(&script, clients, 1);
    submit(clients[0], "t", "flying");
    submit(clients[0], "u", "waiting");
    cr_expect_not(c2d_wait(clients[0], 100, &(struct c2d_result) { 0 }));
    script_cancel(&script);
    cr_expect_str_eq(results(clients[0]), "waiting:CANCELLED flying:TIMEOUT? ");
    cr_expect_eq(script.now_ms, 5100);
    c2d_client_free(clients[0]);
}
