/* Feedback, purge, registry and tokens over a scripted hub. */
#include "../support/script.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define V "?api-version=2020-09-30"

Test(client_service, feedback_batch_is_read_with_its_lock)
{
    struct script script = {
        .replies = { { .status = 200,
                       .headers = { "ETag: \"t\"" },
                       .body = "[{\"deviceId\":\"d\",\"statusCode\":0}]" } },
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
    struct c2d_feedback *batch = NULL;

    cr_assert_eq(c2d_feedback_receive(client, &batch, NULL), C2D_OK);
    cr_assert_str_eq(script.requests[0].method, "GET");
    cr_assert_str_eq(script.requests[0].url, "https://" HUB "/messages/serviceBound/feedback" V);
    cr_assert_str_eq(batch->lock_token, "t");
    cr_assert_eq(batch->record_count, 1);
    cr_assert_str_eq(batch->records[0].status_code, "Success");
    c2d_feedback_free(batch);
    c2d_client_free(client);
}

Test(client_service, feedback_is_never_rejected)
{
    struct script script = { 0 };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);

    cr_assert_eq(c2d_feedback_settle(client, "t", C2D_REJECT, NULL), C2D_DATA);
    cr_assert_eq(script.request_count, 0);
    c2d_client_free(client);
}

static const struct {
    struct script_reply reply;
    enum c2d_status status;
} feedbacks[] = {
    { { .status = 204 }, C2D_NO_MESSAGE },
    { { .status = 200, .body = "[]" }, C2D_PROTOCOL }, /* no lock token */
    { { .status = 200, .headers = { "ETag: \"t\xe9\"" }, .body = "[]" }, C2D_PROTOCOL },
    { { .status = 200, .headers = { "ETag: \"t\"" }, .body = "{}" }, C2D_PROTOCOL },
    { { .status = 200, .headers = { "ETag: \"t\"" }, .body = "<html>" }, C2D_PROTOCOL },
    { { .status = 200, .headers = { "ETag: \"t\"" } }, C2D_PROTOCOL },
    { { .status = 404 }, C2D_NOT_FOUND },
};

Test(client_service, response_without_feedback_returns_no_batch)
{
    for (size_t i = 0; i < COUNT(feedbacks); i++) {
        struct script script = { .replies = { feedbacks[i].reply } };
        struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
        struct c2d_feedback *batch = NULL;
        struct c2d_error error;

        cr_expect_eq(c2d_feedback_receive(client, &batch, &error), feedbacks[i].status,
                     "row %zu: %s", i, error.text);
        cr_expect_null(batch, "row %zu", i);
        c2d_client_free(client);
    }
}

Test(client_service, empty_feedback_after_a_lost_response_is_an_error)
{
    struct script script = { .replies = { { .written = true }, { .status = 204 } } };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
    struct c2d_feedback *batch = NULL;
    struct c2d_error error;

    cr_assert_eq(c2d_feedback_receive(client, &batch, &error), C2D_NO_MESSAGE);
    cr_assert(error.earlier_try_unanswered);
    c2d_client_free(client);
}

Test(client_service, purge_returns_the_number_of_messages)
{
    struct script script = {
        .replies = { { .status = 200, .body = "{\"totalMessagesPurged\":3}" },
                     { .status = 200, .body = "{\"totalMessagesPurged\":1}" },
                     { .status = 200, .body = "nonsense" },
                     { .status = 204 } },
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
    int64_t purged = -1;

    cr_assert_eq(c2d_purge(client, "a+b", &purged, NULL), C2D_OK);
    cr_assert_eq(purged, 3);
    cr_assert_str_eq(script.requests[0].method, "DELETE");
    cr_assert_str_eq(script.requests[0].url, "https://" HUB "/devices/a%2Bb/commands" V);
    cr_assert_eq(c2d_purge(client, "d", NULL, NULL), C2D_OK);
    cr_assert_eq(c2d_purge(client, "d", &purged, NULL), C2D_PROTOCOL);
    cr_assert_eq(c2d_purge(client, "d", &purged, NULL), C2D_PROTOCOL,
                 "a 204 to purge must be refused");
    cr_assert_eq(purged, 3, "a failure must not change the count");
    c2d_client_free(client);
}

Test(client_service, registry_returns_the_device)
{
    struct script script = {
        .replies = { { .status = 200,
                       .body = "{\"deviceId\":\"d\",\"cloudToDeviceMessageCount\":4}" },
                     { .status = 404, .headers = { "iothub-errorcode: DeviceNotFound" } },
                     { .status = 401 },
                     { .status = 401 },
                     { .status = 200, .body = "{}" } },
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
    struct c2d_device_info *info = NULL;
    struct c2d_error error;

    cr_assert_eq(c2d_device_info_get(client, "d", &info, NULL), C2D_OK);
    cr_assert_str_eq(script.requests[0].method, "GET");
    cr_assert_str_eq(script.requests[0].url, "https://" HUB "/devices/d" V);
    cr_assert_str_eq(info->device_id, "d");
    cr_assert_eq(info->message_count, 4);
    c2d_device_info_free(info);
    cr_assert_eq(c2d_device_info_get(client, "d", &info, NULL), C2D_NOT_FOUND);
    cr_assert_null(info);
    cr_assert_eq(c2d_device_info_get(client, "d", &info, &error), C2D_AUTH);
    cr_assert_not_null(strstr(error.hint, "RegistryRead"), "%s", error.hint);
    cr_assert_eq(c2d_device_info_get(client, "d", &info, NULL), C2D_PROTOCOL);
    c2d_client_free(client);
}

Test(client_service, device_key_is_refused_before_any_request)
{
    struct script script = { 0 };
    struct c2d_client *client = client_for_test(&script, DEVICE_STRING);
    struct c2d_feedback *batch = NULL;
    struct c2d_device_info *info = NULL;

    cr_expect_eq(c2d_send(client, "d", &(struct c2d_message) { 0 }, NULL), C2D_CONFIG);
    cr_expect_eq(c2d_feedback_receive(client, &batch, NULL), C2D_CONFIG);
    cr_expect_eq(c2d_feedback_settle(client, "t", C2D_COMPLETE, NULL), C2D_CONFIG);
    cr_expect_eq(c2d_purge(client, "d", NULL, NULL), C2D_CONFIG);
    cr_expect_eq(c2d_device_info_get(client, "d", &info, NULL), C2D_CONFIG);
    cr_expect_eq(script.request_count, 0);
    c2d_client_free(client);
}

static const struct {
    const char *string, *device_id;
    enum c2d_status status;
    const char *resource, *policy;
} tokens[] = {
    { SERVICE_STRING, NULL, C2D_OK, HUB, "service" },
    { SERVICE_STRING, "a+b", C2D_OK, HUB "/devices/a+b", "service" },
    { DEVICE_STRING, NULL, C2D_OK, HUB "/devices/dev1", "" },
    { SERVICE_STRING, "a/b", C2D_DATA, NULL, NULL },
    { "HostName=h;SharedAccessSignature=SharedAccessSignature sr=h&sig=s&se=9", NULL, C2D_CONFIG,
      NULL, NULL },
};

Test(client_service, token_is_signed_for_the_named_device_without_a_request)
{
    for (size_t i = 0; i < COUNT(tokens); i++) {
        struct script script = { 0 };
        struct c2d_client *client = client_for_test(&script, tokens[i].string);
        char *token = NULL;
        struct c2d_sas sas;

        cr_expect_eq(c2d_sas_token(client, tokens[i].device_id, 600, &token, NULL),
                     tokens[i].status, "row %zu", i);
        cr_expect_eq(token != NULL, tokens[i].status == C2D_OK, "row %zu", i);
        if (token != NULL) {
            cr_expect_eq(c2d_sas_decode(token, &sas, NULL), C2D_OK);
            cr_expect_str_eq(sas.resource, tokens[i].resource);
            cr_expect_str_eq(sas.policy, tokens[i].policy);
            cr_expect_eq(sas.expires_at_s, SCRIPT_START_S + 600);
        }
        cr_expect_eq(script.request_count, 0);
        free(token);
        c2d_client_free(client);
    }
}
