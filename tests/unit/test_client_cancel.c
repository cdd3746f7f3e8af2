/* The effect of a readable cancel_fd on each kind of operation. */
#include "../support/script.h"

#include <criterion/criterion.h>
#include <string.h>

struct setting {
    struct script script;
    int timeout_ms; /* 0: the default */
    struct c2d_options options;
    struct c2d_client *client;
    struct c2d_error error;
};

static void set_up(struct setting *setting, const char *connection_string)
{
    setting->options = c2d_options_default();
    setting->options.cancel_fd = script_cancel_fd(&setting->script);
    if (setting->timeout_ms > 0)
        setting->options.timeout_ms = setting->timeout_ms;
    setting->script.options = &setting->options;
    setting->client = client_for_test(&setting->script, connection_string);
}

static enum c2d_status receive(struct setting *setting)
{
    struct c2d_message *message = NULL;
    enum c2d_status status = c2d_receive(setting->client, &message, &setting->error);

    cr_expect_null(message);
    c2d_client_free(setting->client);
    return status;
}

static enum c2d_status send_hello(struct setting *setting)
{
    struct c2d_message hello = { .body = "hello", .body_size = 5 };
    enum c2d_status status = c2d_send(setting->client, "dev1", &hello, &setting->error);

    c2d_client_free(setting->client);
    return status;
}

static enum c2d_status complete(struct setting *setting)
{
    enum c2d_status status = c2d_settle(setting->client, "t", C2D_COMPLETE, &setting->error);

    c2d_client_free(setting->client);
    return status;
}

Test(client_cancel, cancelled_client_starts_settlements_only)
{
    struct setting receiving = { .script.replies = { { .status = 204 } } };
    struct setting sending = { .script.replies = { { .status = 204 } } };
    struct setting settling = { .script.replies = { { .status = 204 } } };

    set_up(&receiving, DEVICE_STRING);
    script_cancel(&receiving.script);
    cr_expect_eq(receive(&receiving), C2D_CANCELLED);
    cr_expect_eq(receiving.script.request_count, 0);
    set_up(&sending, SERVICE_STRING);
    script_cancel(&sending.script);
    cr_expect_eq(send_hello(&sending), C2D_CANCELLED);
    cr_expect_eq(sending.script.request_count, 0);
    set_up(&settling, DEVICE_STRING);
    script_cancel(&settling.script);
    cr_expect_eq(complete(&settling), C2D_OK);
    cr_expect_eq(settling.script.request_count, 1);
}

Test(client_cancel, cancel_ends_a_receive_at_once)
{
    struct setting setting = {
        .script.replies = { { .cancels = true, .status = 204, .delay_ms = 1000 } },
    };

    set_up(&setting, DEVICE_STRING);
    cr_assert_eq(receive(&setting), C2D_CANCELLED);
    cr_assert_eq(setting.script.now_ms, 0);
    cr_assert_eq(setting.script.cancelled, 1);
    cr_assert(setting.error.earlier_try_unanswered,
              "a message may be locked by the cancelled receive");
}

Test(client_cancel, request_in_flight_gets_five_seconds_after_a_cancel)
{
    struct setting sending = {
        .script.replies = { { .cancels = true, .status = 204, .delay_ms = 4900 } },
    };
    struct setting settling = {
        .script.replies = { { .cancels = true, .status = 204, .delay_ms = 4900 } },
    };

    set_up(&sending, SERVICE_STRING);
    cr_expect_eq(send_hello(&sending), C2D_OK);
    set_up(&settling, DEVICE_STRING);
    cr_expect_eq(complete(&settling), C2D_OK);
    cr_expect_eq(settling.script.now_ms, 4900);
}

Test(client_cancel, request_in_flight_gets_no_more_than_five_seconds_after_a_cancel)
{
    struct setting sending = { .script.replies = { { .cancels = true, .silent = true } } };
    struct setting settling = { .script.replies = { { .cancels = true, .silent = true } } };

    set_up(&sending, SERVICE_STRING);
    cr_expect_eq(send_hello(&sending), C2D_UNKNOWN_OUTCOME, "%s", sending.error.text);
    cr_expect_eq(sending.script.now_ms, 5000);
    cr_expect_eq(sending.script.request_count, 1);
    set_up(&settling, DEVICE_STRING);
    cr_expect_eq(complete(&settling), C2D_TIMEOUT, "%s", settling.error.text);
    cr_expect_eq(settling.script.now_ms, 5000);
    cr_expect_eq(settling.script.request_count, 1);
}

Test(client_cancel, settlement_started_after_a_cancel_gets_five_seconds)
{
    struct setting setting = { .script.replies = { { .silent = true } } };

    set_up(&setting, DEVICE_STRING);
    script_cancel(&setting.script);
    cr_assert_eq(complete(&setting), C2D_TIMEOUT);
    cr_assert_eq(setting.script.now_ms, 5000);
    cr_assert_eq(setting.script.requests[0].timeout_ms, 5000);
}

Test(client_cancel, grace_period_never_exceeds_the_time_out)
{
    struct setting setting = {
        .script.replies = { { .cancels = true, .silent = true, .written = true } },
        .timeout_ms = 3000,
    };

    set_up(&setting, DEVICE_STRING);
    cr_assert_eq(complete(&setting), C2D_TIMEOUT);
    cr_assert_eq(setting.script.now_ms, 3000);
}

Test(client_cancel, after_a_cancel_only_a_settlement_is_retried_within_its_grace_period)
{
    struct setting receiving = {
        .script.replies = { { .cancels = true, .status = 503 }, { .status = 204 } },
    };
    struct setting settling = {
        .script.replies = { { .cancels = true, .status = 503 }, { .status = 204 } },
    };
    struct setting late = {
        .script.replies = { { .cancels = true, .status = 503, .headers = { "Retry-After: 9" } },
                            { .status = 204 } },
    };

    set_up(&receiving, DEVICE_STRING);
    cr_expect_eq(receive(&receiving), C2D_CANCELLED);
    cr_expect_eq(receiving.script.request_count, 1);
    set_up(&settling, DEVICE_STRING);
    cr_expect_eq(complete(&settling), C2D_OK);
    cr_expect_eq(settling.script.request_count, 2);
    set_up(&late, DEVICE_STRING);
    cr_expect_eq(complete(&late), C2D_SERVER);
    cr_expect_eq(late.script.request_count, 1);
}
