/* The tokens of a client: how long they are kept, and what a refused or an expired one leads to. */
#include "../support/once.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(client_token, refused_token_is_renewed_once_and_at_once)
{
    struct script script = { .replies = { { .status = 401, .delay_ms = 5000 },
                                          { .status = 204 } } };
    struct c2d_error error;

    cr_assert_eq(receive_once(&script, NULL, &error), C2D_NO_MESSAGE);
    cr_assert_eq(script.requests[1].at_ms, 5000);
    cr_assert_str_neq(script.requests[0].authorization, script.requests[1].authorization);
    cr_assert_eq(token_expiry(&script.requests[1]), SCRIPT_START_S + 5 + 3600);
}

Test(client_token, second_refusal_is_final)
{
    struct script script = {
        .replies = { { .status = 401 }, { .status = 401 }, { .status = 204 } },
    };
    struct c2d_error error;

    cr_assert_eq(receive_once(&script, NULL, &error), C2D_AUTH);
    cr_assert_eq(script.request_count, 2);
}

Test(client_token, ready_token_that_is_refused_is_not_retried)
{
    struct script script = { .replies = { { .status = 401 }, { .status = 204 } } };
    struct c2d_client *client =
        client_for_test(&script, "HostName=h;DeviceId=d;SharedAccessSignature="
                                 "SharedAccessSignature sr=h&sig=s&se=4102444800");
    struct c2d_message *message = NULL;

    cr_assert_eq(c2d_receive(client, &message, NULL), C2D_AUTH);
    cr_assert_eq(script.request_count, 1);
    cr_assert_str_eq(script.requests[0].authorization,
                     "SharedAccessSignature sr=h&sig=s&se=4102444800");
    c2d_client_free(client);
}

/* A receive with a ready token that ends so long after now (before, if negative). */
static enum c2d_status receive_with_token(struct script *script, int left_s,
                                          struct c2d_error *error)
{
    char string[160];
    struct c2d_client *client;
    struct c2d_message *message = NULL;
    enum c2d_status status;

    snprintf(
        string, sizeof string,
        "HostName=h;DeviceId=d;SharedAccessSignature=SharedAccessSignature sr=h&sig=Zm9v&se=%d",
        SCRIPT_START_S + left_s);
    client = client_for_test(script, string);
    status = c2d_receive(client, &message, error);
    c2d_client_free(client);
    return status;
}

Test(client_token, ready_token_that_expired_is_not_sent_and_its_expiry_is_named)
{
    struct script script = { .replies = { { .status = 204 } } };
    struct c2d_error error;

    cr_assert_eq(receive_with_token(&script, -300, &error), C2D_AUTH);
    cr_assert_eq(script.request_count, 0);
    cr_assert_not_null(strstr(error.text, "expired at 2025-12-31T23:55:00Z"), "%s", error.text);
    cr_assert_not_null(strstr(error.text, "it is 2026-01-01T00:00:00Z"), "%s", error.text);
    cr_assert_not_null(strstr(error.hint, "clock"), "%s", error.hint);
}

Test(client_token, ready_token_that_expired_within_5_minutes_is_sent_as_a_hub_may_take_it)
{
    struct script taken = { .replies = { { .status = 204 } } };
    struct script refused = { .replies = { { .status = 401 } } };
    struct c2d_error error;

    cr_assert_eq(receive_with_token(&taken, -299, &error), C2D_NO_MESSAGE);
    cr_assert_eq(taken.request_count, 1);
    cr_assert_eq(receive_with_token(&refused, -1, &error), C2D_AUTH);
    cr_assert_eq(error.http_status, 401);
    cr_assert_not_null(strstr(error.text, "expired at 2025-12-31T23:59:59Z"), "%s", error.text);
}

Test(client_token, refused_token_that_is_still_valid_is_not_reported_as_expired)
{
    struct script script = { .replies = { { .status = 401 } } };
    struct c2d_error error;

    cr_assert_eq(receive_with_token(&script, 60, &error), C2D_AUTH);
    cr_assert_null(strstr(error.text, "expired"), "%s", error.text);
    cr_assert_not_null(strstr(error.text, "SharedAccessSignature"), "%s", error.text);
}

Test(client_token, token_is_kept_for_48_minutes_and_follows_a_clock_that_jumps)
{
    static const struct {
        int64_t shift_s, expires_s;
    } rows[] = { { 0, 3600 }, { 2879, 3600 }, { 2880, 6480 }, { 10080, 13680 }, { 100, 3700 } };
    struct script script = {
        .replies = { { .status = 204 },
                     { .status = 204 },
                     { .status = 204 },
                     { .status = 204 },
                     { .status = 204 } },
    };
    struct c2d_client *client = client_for_test(&script, DEVICE_STRING);
    struct c2d_message *message = NULL;

    for (size_t i = 0; i < COUNT(rows); i++) {
        script.wall_shift_s = rows[i].shift_s;
        cr_assert_eq(c2d_receive(client, &message, NULL), C2D_NO_MESSAGE);
        cr_expect_eq(token_expiry(&script.requests[i]), SCRIPT_START_S + rows[i].expires_s,
                     "row %zu", i);
    }
    c2d_client_free(client);
}
