/* Clients that share their connections: effects of one on the others, and of its end. */
#include "../support/submitting.h"
#include "engine/operations.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { CLIENTS = 4 };

/* ---- Freeing ---- */

/* One operation is done, one is in flight, one is in its back-off, two are queued. The client of
 * any of them is freed at any time, and the others go on. */
Test(share, clients_are_freed_in_any_order_with_operations_in_every_state)
{
    static const int orders[][CLIENTS] = { { 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { 1, 0, 3, 2 },
                                           { 2, 3, 0, 1 }, { 1, 3, 0, 2 }, { 2, 0, 3, 1 } };

    for (size_t i = 0; i < COUNT(orders); i++) {
        struct script script = {
            .options = parallel(2),
            .replies = { { 204 }, { 503 }, { 204, .delay_ms = 300 }, { 204, .delay_ms = 5000 } },
        };
        struct c2d_client *clients[CLIENTS] = { 0 };

        make_clients(&script, clients, CLIENTS);
        for (size_t k = 0; k < CLIENTS; k++) {
            submit(clients[k], NULL, "first");
            submit(clients[k], NULL, "second");
            submit(clients[k], "t", "settle");
        }
        cr_assert(c2d_wait(clients[0], 10, &(struct c2d_result) { 0 }));
        c2d_wait(clients[0], 10, &(struct c2d_result) { 0 });
        for (size_t k = 0; k < CLIENTS; k++) {
            size_t next = k + 1 < CLIENTS ? (size_t)orders[i][k + 1] : 0;

            c2d_client_free(clients[orders[i][k]]);
            if (k + 1 < CLIENTS)
                c2d_wait(clients[next], 10, &(struct c2d_result) { 0 });
        }
        cr_expect(script.destroyed, "order %zu", i);
        cr_expect_eq(script.flight_count, 0, "order %zu", i);
    }
}

Test(share, operations_of_a_freed_client_are_dropped_and_the_others_go_on)
{
    struct script script = { .options = parallel(1), .replies = { { 204, .delay_ms = 10 } } };
    struct c2d_client *clients[3] = { 0 };

    for (size_t i = 1; i < SCRIPT_REPLIES; i++)
        script.replies[i].status = 204;
    make_clients(&script, clients, 3);
    for (size_t i = 0; i < 3; i++)
        submit(clients[i], NULL, (const char *[]) { "a", "b", "c" }[i]);
    cr_expect_eq(c2d_pending(clients[1]), 3);
    cr_expect_not(c2d_wait(clients[1], 5, &(struct c2d_result) { 0 }), "a is in flight");
    c2d_client_free(clients[0]);
    cr_expect_eq(script.cancelled, 1);
    cr_expect_eq(c2d_pending(clients[1]), 2);
    cr_expect_str_eq(results(clients[1]), "b:NO_MESSAGE c:NO_MESSAGE ");
    cr_expect_not(script.destroyed);
    c2d_client_free(clients[1]);
    c2d_client_free(clients[2]);
}

Test(share, a_send_goes_on_where_the_one_before_it_was_freed_with_its_client)
{
    struct script script = { .options = parallel(4), .replies = { { 503 }, { 204 } } };
    struct c2d_client *first = client_for_test(&script, SERVICE_STRING);
    struct c2d_client *second = sharing_client(first, SERVICE_STRING);
    struct c2d_request request = { .action = C2D_ACTION_SEND,
                                   .device_id = "dev1",
                                   .message = &short_message,
                                   .tag = (char *)"second" };

    cr_assert_eq(c2d_submit(first, &request, NULL), C2D_OK);
    cr_assert_eq(c2d_submit(first, &request, NULL), C2D_OK);
    cr_assert_eq(c2d_submit(second, &request, NULL), C2D_OK);
    cr_expect_not(c2d_wait(second, 0, &(struct c2d_result) { 0 }), "the first sleeps");
    c2d_client_free(first);
    cr_expect_str_eq(results(second), "second ");
    c2d_client_free(second);
}

/* ---- Order and times ---- */

Test(share, a_settlement_goes_before_what_was_submitted_earlier)
{
    struct script script = { .options = parallel(1) };
    struct c2d_client *clients[2] = { 0 };

    for (size_t i = 0; i < SCRIPT_REPLIES; i++)
        script.replies[i].status = 204;
    make_clients(&script, clients, 2);
    for (int i = 0; i < 3; i++)
        submit(clients[0], NULL, "receive");
    submit(clients[1], "t", "settle");
    cr_expect_str_eq(results(clients[0]),
                     "settle receive:NO_MESSAGE receive:NO_MESSAGE receive:NO_MESSAGE ");
    c2d_client_free(clients[0]);
    c2d_client_free(clients[1]);
}

Test(share, the_time_of_a_settlement_runs_while_it_waits_for_a_place)
{
    struct c2d_options options = *parallel(1);
    struct script script = { .options = &options, .replies = { { .silent = true } } };
    struct c2d_client *clients[2] = { 0 };
    struct c2d_result result;

    options.timeout_ms = 1000;
    options.retries = 0;
    make_clients(&script, clients, 2);
    submit(clients[0], NULL, "receive");
    cr_expect_not(c2d_wait(clients[0], 500, &result));
    submit(clients[1], "t", "settle");
    script.replies[0].silent = false;
    script.flights[0].due_ms = 5000; /* the transport exceeds its time-out too */
    script.flights[0].late = false;
    cr_assert(c2d_wait(clients[0], 10000, &result));
    cr_expect_str_eq(result.tag, "settle");
    cr_expect_eq(result.error.status, C2D_TIMEOUT, "%s", result.error.text);
    cr_expect_eq(result.error.attempts, 0);
    cr_expect_not(result.error.earlier_try_unanswered, "nothing was sent: it is not in doubt");
    cr_expect_eq(script.now_ms, 1500);
    results(clients[0]);
    c2d_client_free(clients[0]);
    c2d_client_free(clients[1]);
}

Test(share, a_settlement_whose_time_is_over_gets_no_attempt)
{
    struct script script = { .options = parallel(1), .replies = { { 204 } } };
    struct c2d_client *clients[1] = { 0 };

    make_clients(&script, clients, 1);
    submit(clients[0], "t", "settle");
    script.now_ms += 61000;
    cr_expect_str_eq(results(clients[0]), "settle:TIMEOUT ");
    cr_expect_eq(script.request_count, 0);
    c2d_client_free(clients[0]);
}

Test(share, the_time_of_a_receive_begins_with_its_first_attempt)
{
    struct c2d_options options = *parallel(1);
    struct script script = { .options = &options };
    struct c2d_client *clients[1] = { 0 };

    options.timeout_ms = 1000;
    for (size_t i = 0; i < 5; i++)
        script.replies[i] = (struct script_reply) { .status = 204, .delay_ms = 900 };
    make_clients(&script, clients, 1);
    for (size_t i = 0; i < 5; i++)
        submit(clients[0], NULL, "r");
    cr_expect_str_eq(results(clients[0]),
                     "r:NO_MESSAGE r:NO_MESSAGE r:NO_MESSAGE r:NO_MESSAGE r:NO_MESSAGE ");
    c2d_client_free(clients[0]);
}

Test(share, an_operation_that_waits_for_its_retry_leaves_its_place_to_others)
{
    struct script script = { .random = 1000, .options = parallel(1), .replies = { { 503 } } };
    struct c2d_client *clients[3] = { 0 };

    for (size_t i = 1; i < SCRIPT_REPLIES; i++)
        script.replies[i].status = 204;
    make_clients(&script, clients, 3);
    submit(clients[0], NULL, "bad");
    submit(clients[1], NULL, "a");
    submit(clients[2], NULL, "b");
    cr_expect_str_eq(results(clients[0]), "a:NO_MESSAGE b:NO_MESSAGE bad:NO_MESSAGE ");
    cr_expect_eq(script.requests[2].at_ms, 0, "neither a nor b waits");
    cr_expect_eq(script.requests[3].at_ms, 1500);
    for (size_t i = 0; i < 3; i++)
        c2d_client_free(clients[i]);
}

/* ---- A wrong clock ---- */

Test(share, a_wrong_clock_costs_one_refusal_and_not_one_for_each_client)
{
    struct script script = {
        .options = parallel(8),
        .replies = { { 401, .headers = { "Date: Fri, 02 Jan 2026 00:00:00 GMT" },
                       .delay_ms = 50 } },
    };
    struct c2d_client *clients[8] = { 0 };

    for (size_t i = 1; i < SCRIPT_REPLIES; i++)
        script.replies[i] = (struct script_reply) { .status = 204, .delay_ms = 50 };
    make_clients(&script, clients, 8);
    for (size_t i = 0; i < 8; i++)
        submit(clients[i], NULL, "r");
    results(clients[0]);
    cr_expect_eq(script.request_count, 9, "%zu requests", script.request_count);
    cr_expect_eq(script.most_flights, 7, "then all others go at once");
    for (size_t i = 0; i < 8; i++)
        c2d_client_free(clients[i]);
}

Test(share, a_first_attempt_without_response_does_not_show_whether_the_clock_is_right)
{
    struct script script = {
        .random = 1000,
        .options = parallel(8),
        .replies = { { .failure = C2D_NETWORK },
                     { 401, .headers = { "Date: Fri, 02 Jan 2026 00:00:00 GMT" }, .delay_ms = 50 } }
    };
    struct c2d_client *clients[6] = { 0 };

    for (size_t i = 2; i < SCRIPT_REPLIES; i++)
        script.replies[i].status = 204;
    make_clients(&script, clients, 6);
    for (size_t i = 0; i < 6; i++)
        submit(clients[i], NULL, "r");
    results(clients[0]);
    cr_expect_eq(script.request_count, 8, "6, and the two that failed: %zu", script.request_count);
    for (size_t i = 0; i < 6; i++)
        c2d_client_free(clients[i]);
}

Test(share, the_others_wait_two_seconds_at_most_for_the_first_attempt_of_all)
{
    struct script script = { .options = parallel(3),
                             .replies = { { 204, .delay_ms = 9000 }, { 204 }, { 204 } } };
    struct c2d_client *clients[3] = { 0 };

    make_clients(&script, clients, 3);
    for (size_t i = 0; i < 3; i++)
        submit(clients[i], NULL, (const char *[]) { "slow", "a", "b" }[i]);
    cr_expect_str_eq(results(clients[0]), "a:NO_MESSAGE b:NO_MESSAGE slow:NO_MESSAGE ");
    cr_expect_eq(script.requests[1].at_ms, 2000);
    for (size_t i = 0; i < 3; i++)
        c2d_client_free(clients[i]);
}

/* ---- Sizes ---- */

Test(share, a_submitted_operation_takes_less_than_a_kibibyte)
{
    cr_expect_leq(sizeof(struct operation) + 64 + 2 * sizeof(struct call *), 1024, "%zu",
                  sizeof(struct operation));
    cr_expect_leq(sizeof(struct c2d_client), 512, "%zu", sizeof(struct c2d_client));
}

Test(share, the_table_of_sends_grows_with_the_devices)
{
    struct script script = { 0 };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
    const struct call_order *order = &client_exchange(client)->order;
    static char ids[5000][8];

    for (size_t i = 0; i < COUNT(ids); i++) {
        struct c2d_request request = { .action = C2D_ACTION_SEND,
                                       .device_id = ids[i],
                                       .message = &short_message };

        snprintf(ids[i], sizeof ids[i], "d%zu", i);
        cr_assert_eq(c2d_submit(client, &request, NULL), C2D_OK);
        cr_assert_eq(c2d_submit(client, &request, NULL), C2D_OK);
    }
    cr_expect_eq(order->devices, COUNT(ids));
    cr_expect_geq(order->bucket_count, COUNT(ids));
    c2d_client_free(client);
}
