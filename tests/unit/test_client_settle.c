/* c2d_settle() and c2d_feedback_settle() over a scripted hub. */
#include "../support/script.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct {
    bool feedback;
    enum c2d_outcome outcome;
    const char *method, *url;
} requests[] = {
    { false, C2D_COMPLETE, "DELETE",
      "https://" HUB "/devices/dev1/messages/deviceBound/t?api-version=2021-04-12" },
    { false, C2D_REJECT, "DELETE",
      "https://" HUB "/devices/dev1/messages/deviceBound/t?api-version=2021-04-12&reject" },
    { false, C2D_ABANDON, "POST",
      "https://" HUB "/devices/dev1/messages/deviceBound/t/abandon?api-version=2021-04-12" },
    { true, C2D_COMPLETE, "DELETE",
      "https://" HUB "/messages/serviceBound/feedback/t?api-version=2020-09-30" },
    { true, C2D_ABANDON, "POST",
      "https://" HUB "/messages/serviceBound/feedback/t/abandon?api-version=2020-09-30" },
};

static enum c2d_status settle_over(struct script *script, size_t row, struct c2d_error *error)
{
    bool feedback = requests[row].feedback;
    struct c2d_client *client = client_for_test(script, feedback ? SERVICE_STRING : DEVICE_STRING);
    enum c2d_status status = feedback
                                 ? c2d_feedback_settle(client, "t", requests[row].outcome, error)
                                 : c2d_settle(client, "t", requests[row].outcome, error);

    cr_expect_eq(error->status, status);
    c2d_client_free(client);
    return status;
}

Test(client_settle, each_disposition_has_its_exact_request)
{
    for (size_t i = 0; i < COUNT(requests); i++) {
        struct script script = { .replies = { { .status = 204 } } };
        struct c2d_error error;

        cr_expect_eq(settle_over(&script, i, &error), C2D_OK, "row %zu: %s", i, error.text);
        cr_expect_eq(script.request_count, 1);
        cr_expect_str_eq(script.requests[0].method, requests[i].method);
        cr_expect_str_eq(script.requests[0].url, requests[i].url);
        cr_expect_str_eq(script.requests[0].headers, "");
        cr_expect_eq(script.requests[0].body_size, 0);
        cr_expect_str_eq(error.text, "");
    }
}

Test(client_settle, second_settlement_of_one_lock_reports_lock_lost)
{
    struct script script = { .replies = { { .status = 204 }, { .status = 412 } } };
    struct c2d_client *device = client_for_test(&script, DEVICE_STRING);
    struct c2d_error error;

    cr_assert_eq(c2d_settle(device, "lock", C2D_COMPLETE, NULL), C2D_OK);
    cr_assert_eq(c2d_settle(device, "lock", C2D_COMPLETE, &error), C2D_LOCK_LOST);
    cr_assert_not(error.earlier_try_unanswered);
    cr_assert_not(error.retryable);
    c2d_client_free(device);
}

Test(client_settle, lock_lost_after_a_lost_response_is_lost_and_reported_as_in_doubt)
{
    for (size_t i = 0; i < COUNT(requests); i++) {
        struct script script = { .replies = { { .written = true }, { .status = 412 } } };
        struct c2d_error error;

        cr_expect_eq(settle_over(&script, i, &error), C2D_LOCK_LOST, "row %zu", i);
        cr_expect(error.earlier_try_unanswered, "row %zu", i);
        cr_expect_not_null(strstr(error.text, "may have been settled"), "row %zu: %s", i,
                           error.text);
    }
}

Test(client_settle, settlement_without_any_response_is_reported_as_in_doubt)
{
    struct script script = {
        .options = &(struct c2d_options) { .size = sizeof(struct c2d_options),
                                           .connect_timeout_ms = 1000,
                                           .timeout_ms = 60000,
                                           .cancel_fd = -1 },
        .replies = { { .written = true } },
    };
    struct c2d_error error;

    cr_expect_eq(settle_over(&script, 0, &error), C2D_NETWORK);
    cr_expect_not_null(strstr(error.text, "the message may have been settled"), "%s", error.text);
}

Test(client_settle, success_after_a_lost_response_is_certain)
{
    struct script script = { .replies = { { .written = true }, { .status = 204 } } };
    struct c2d_error error;

    cr_expect_eq(settle_over(&script, 0, &error), C2D_OK);
    cr_expect_str_eq(error.text, "");
}

Test(client_settle, lock_lost_after_an_attempt_that_was_never_written_is_lost)
{
    static const struct script_reply first[] = { { .written = false }, { .status = 503 } };

    for (size_t i = 0; i < COUNT(first); i++) {
        struct script script = { .replies = { first[i], { .status = 412 } } };
        struct c2d_error error;

        cr_expect_eq(settle_over(&script, 0, &error), C2D_LOCK_LOST, "row %zu", i);
    }
}

Test(client_settle, lock_lost_after_a_gateway_failed_is_in_doubt)
{
    struct script script = { .replies = { { .status = 502 }, { .status = 412 } } };
    struct c2d_error error;

    settle_over(&script, 0, &error);
    cr_assert_eq(script.request_count, 2);
    cr_assert(error.earlier_try_unanswered);
}

Test(client_settle, success_without_content_in_place_of_204_settles_the_message)
{
    static const int https[] = { 200, 201, 202 };

    for (size_t row = 0; row < COUNT(requests); row++)
        for (size_t i = 0; i < COUNT(https); i++) {
            struct script script = { .replies = { { .status = https[i] } } };
            struct c2d_error error;

            cr_expect_eq(settle_over(&script, row, &error), C2D_OK, "%d: %s", https[i], error.text);
            cr_expect_eq(error.http_status, https[i]);
            cr_expect_not(error.earlier_try_unanswered);
        }
}

Test(client_settle, success_with_another_content_is_no_settlement)
{
    struct script script = { .replies = { { .status = 200, .body = "<html>Log in</html>" } } };
    struct c2d_error error;

    cr_assert_eq(settle_over(&script, 0, &error), C2D_PROTOCOL);
}

Test(client_settle, other_responses_are_failures)
{
    static const struct {
        int http;
        enum c2d_status status;
    } rows[] = {
        { 302, C2D_PROTOCOL }, { 400, C2D_PROTOCOL }, { 403, C2D_AUTH }, { 404, C2D_NOT_FOUND }
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct script script = { .replies = { { .status = rows[i].http } } };
        struct c2d_error error;

        cr_expect_eq(settle_over(&script, 0, &error), rows[i].status, "HTTP %d", rows[i].http);
        cr_expect_eq(script.request_count, 1, "HTTP %d", rows[i].http);
    }
}

Test(client_settle, feedback_is_never_rejected_and_invalid_tokens_cause_no_request)
{
    struct script script = { 0 };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

    cr_assert_eq(c2d_feedback_settle(client, "t", C2D_REJECT, NULL), C2D_DATA);
    cr_assert_eq(c2d_feedback_settle(client, "", C2D_COMPLETE, NULL), C2D_DATA);
    cr_assert_eq(c2d_feedback_settle(client, "a\r\nb", C2D_COMPLETE, NULL), C2D_DATA);
    cr_assert_eq(script.request_count, 0);
    c2d_client_free(client);
}
