/* The public operations: each builds a request, has it exchanged and reads the answer. */
#include "client.h"
#include "ids.h"
#include "json.h"
#include "message.h"
#include "sas.h"
#include "status.h"

#include <string.h>

/* One public call: its request, its answer, and the error that it needs even if nobody asked. */
struct operation {
    struct http_request request;
    struct http_response response;
    struct exchange_call call;
    struct c2d_error *error, spare;
};

enum call_kind { SEND, RECEIVE, COMPLETE, REJECT, ABANDON, FEEDBACK, PURGE, DEVICE };

static const struct {
    enum exchange_kind kind;
    const char *what, *right;
    int expected[2];
    bool hides_keys;
} calls[] = {
    [SEND] = { EXCHANGE_SEND, "send", "ServiceConnect", { 204 }, false },
    [RECEIVE] = { EXCHANGE_READ, "receive", "DeviceConnect", { 200, 204 }, false },
    [COMPLETE] = { EXCHANGE_SETTLE, "complete", "ServiceConnect", { 204 }, false },
    [REJECT] = { EXCHANGE_SETTLE, "reject", "DeviceConnect", { 204 }, false },
    [ABANDON] = { EXCHANGE_SETTLE, "abandon", "ServiceConnect", { 204 }, false },
    [FEEDBACK] = { EXCHANGE_READ, "read feedback", "ServiceConnect", { 200, 204 }, false },
    [PURGE] = { EXCHANGE_SEND, "purge", "ServiceConnect", { 200 }, false },
    [DEVICE] = { EXCHANGE_READ, "read the registry", "RegistryRead", { 200 }, true },
};

/* By the outcome of a settlement. */
static const enum call_kind settlements[] = {
    [C2D_COMPLETE] = COMPLETE,
    [C2D_REJECT] = REJECT,
    [C2D_ABANDON] = ABANDON,
};

/* device_id: whom it concerns, NULL for a device that speaks for itself, or for nobody. */
static void begin(struct operation *operation, const struct c2d_client *client, enum call_kind kind,
                  const char *device_id, struct c2d_error *error)
{
    bool by_device = client->credentials.role == C2D_ROLE_DEVICE;

    *operation = (struct operation) { .error = error != NULL ? error : &operation->spare };
    operation->call = (struct exchange_call) {
        .kind = calls[kind].kind,
        .request = &operation->request,
        .question = { calls[kind].what, by_device ? client->credentials.device_id : device_id,
                      calls[kind].right, by_device },
        .expected = { calls[kind].expected[0], calls[kind].expected[1] },
        .hides_keys = calls[kind].hides_keys,
        .response = &operation->response,
    };
    error_reset(operation->error);
}

/* Has the request exchanged that was built as built says. */
static enum c2d_status perform(struct c2d_client *client, struct operation *operation,
                               enum c2d_status built)
{
    return built == C2D_OK ? exchange_perform(&client->exchange, &operation->call, operation->error)
                           : built;
}

static enum c2d_status end(struct operation *operation, enum c2d_status status)
{
    http_response_clear(&operation->response);
    http_request_clear(&operation->request);
    return status;
}

/* Was the answer of something that knows no such path, rather than of the hub about a device? */
static bool knows_no_path(const struct c2d_error *error)
{
    return (error->http_status == 404 || error->http_status == 405 || error->http_status == 501)
           && error->hub_code == 0 && error->hub_code_name[0] == '\0';
}

/* The older form takes over the message of a try that was refused, and its time and doubts. */
static enum c2d_status send_older(struct c2d_client *service, const char *device_id,
                                  struct operation *operation)
{
    struct c2d_error refused = *operation->error;
    enum c2d_status status;

    error_reset(operation->error);
    status = perform(
        service, operation,
        endpoint_send_older(&service->endpoint, device_id, &operation->request, operation->error));

    if (status == C2D_OK || !knows_no_path(operation->error))
        return status;
    refused.attempts = operation->error->attempts;
    *operation->error = refused; /* what the usual form was answered says more */
    return refused.status;
}

/* What a failed send means for somebody who may send again. */
static enum c2d_status judge_send(enum c2d_status status, const struct c2d_message *message,
                                  struct c2d_error *error)
{
    const char *id = message->message_id == NULL ? "" : message->message_id;
    char cause[sizeof error->text];

    if (!error->earlier_try_unanswered)
        return status;
    memcpy(cause, error->text, sizeof cause);
    if (error->http_status != 0)
        return fail(error, status,
                    "%.300s; an earlier try got no answer: message '%.128s' may be "
                    "queued",
                    cause, id);
    hint(error, "send it again under the same message id if twice is better than never");
    return fail(error, C2D_UNKNOWN_OUTCOME, "message '%.128s' may be queued: %.300s", id, cause);
}

enum c2d_status c2d_send(struct c2d_client *service, const char *device_id,
                         const struct c2d_message *message, struct c2d_error *error)
{
    struct operation operation;
    enum c2d_status status;

    begin(&operation, service, SEND, device_id, error);
    status = perform(
        service, &operation,
        endpoint_send(&service->endpoint, device_id, message, &operation.request, operation.error));
    if (status != C2D_OK && knows_no_path(operation.error))
        status = send_older(service, device_id, &operation);
    if (status != C2D_OK)
        status = judge_send(status, message, operation.error);
    return end(&operation, status);
}

enum c2d_status c2d_receive(struct c2d_client *device, struct c2d_message **message,
                            struct c2d_error *error)
{
    const char *device_id = device->credentials.device_id;
    struct operation operation;
    enum c2d_status status;

    *message = NULL;
    begin(&operation, device, RECEIVE, NULL, error);
    status = perform(device, &operation,
                     endpoint_receive(&device->endpoint, &operation.request, operation.error));
    if (status == C2D_OK && operation.response.status == 204)
        status =
            fail(operation.error, C2D_NO_MESSAGE, "no message waits for device '%s'", device_id);
    else if (status == C2D_OK)
        status =
            message_from_response(&operation.response, device_id,
                                  operation.call.progress.started_at_s, message, operation.error);
    return end(&operation, status);
}

/* The lock is gone because an earlier try of this very call has ended it, unseen. */
static enum c2d_status judge_settlement(enum c2d_status status, struct c2d_error *error)
{
    if (status != C2D_LOCK_LOST || !error->earlier_try_unanswered)
        return status;
    error->status = C2D_OK;
    error->text[0] = error->hint[0] = '\0';
    return C2D_OK;
}

enum c2d_status c2d_settle(struct c2d_client *device, const char *lock_token,
                           enum c2d_outcome outcome, struct c2d_error *error)
{
    struct operation operation;
    enum c2d_status status;

    begin(&operation, device, settlements[outcome], NULL, error);
    status = perform(device, &operation,
                     endpoint_settle(&device->endpoint, lock_token, outcome, &operation.request,
                                     operation.error));
    return end(&operation, judge_settlement(status, operation.error));
}

enum c2d_status c2d_feedback_settle(struct c2d_client *service, const char *lock_token,
                                    enum c2d_outcome outcome, struct c2d_error *error)
{
    struct operation operation;
    enum c2d_status status;

    begin(&operation, service, settlements[outcome], NULL, error);
    status = perform(service, &operation,
                     endpoint_feedback_settle(&service->endpoint, lock_token, outcome,
                                              &operation.request, operation.error));
    return end(&operation, judge_settlement(status, operation.error));
}

static enum c2d_status read_feedback(struct http_response *response, struct c2d_feedback **feedback,
                                     struct c2d_error *error)
{
    const char *lock_token;

    if (response->status == 204)
        return fail(error, C2D_NO_MESSAGE, "no feedback waits");
    lock_token = lock_token_of(&response->headers);
    if (lock_token == NULL)
        return fail(error, C2D_PROTOCOL, "the feedback batch has no lock token (ETag)");
    return json_read_feedback(&response->body, lock_token, feedback, error);
}

enum c2d_status c2d_feedback_receive(struct c2d_client *service, struct c2d_feedback **feedback,
                                     struct c2d_error *error)
{
    struct operation operation;
    enum c2d_status status;

    *feedback = NULL;
    begin(&operation, service, FEEDBACK, NULL, error);
    status = perform(service, &operation,
                     endpoint_feedback(&service->endpoint, &operation.request, operation.error));
    if (status == C2D_OK)
        status = read_feedback(&operation.response, feedback, operation.error);
    return end(&operation, status);
}

enum c2d_status c2d_purge(struct c2d_client *service, const char *device_id, int64_t *purged,
                          struct c2d_error *error)
{
    struct operation operation;
    int64_t count = 0;
    enum c2d_status status;

    begin(&operation, service, PURGE, device_id, error);
    status =
        perform(service, &operation,
                endpoint_purge(&service->endpoint, device_id, &operation.request, operation.error));
    if (status == C2D_OK)
        status = json_read_purge(&operation.response.body, &count, operation.error);
    if (status == C2D_OK && purged != NULL)
        *purged = count;
    return end(&operation, status);
}

enum c2d_status c2d_device_info_get(struct c2d_client *service, const char *device_id,
                                    struct c2d_device_info **info, struct c2d_error *error)
{
    struct operation operation;
    enum c2d_status status;

    *info = NULL;
    begin(&operation, service, DEVICE, device_id, error);
    status = perform(
        service, &operation,
        endpoint_device(&service->endpoint, device_id, &operation.request, operation.error));
    if (status == C2D_OK)
        status = json_read_device(&operation.response.body, info, operation.error);
    return end(&operation, status);
}

enum c2d_status c2d_sas_token(struct c2d_client *client, const char *device_id, int64_t ttl_s,
                              char **token, struct c2d_error *error)
{
    struct c2d_error spare;
    const struct credentials *credentials = &client->credentials;
    int64_t now_s = client->exchange.clock.wall_s(client->exchange.clock.context);
    struct buf resource = { 0 }, text = { 0 };
    enum c2d_status status = C2D_OK;

    *token = NULL;
    error = error != NULL ? error : &spare;
    error_reset(error);
    if (!signer_can_renew(&client->exchange.signer))
        return fail(error, C2D_CONFIG,
                    "a token needs a SharedAccessKey, and the connection string has none");
    if (credentials->device_id != NULL)
        device_id = credentials->device_id;
    if (device_id != NULL)
        status = id_check_device(device_id, error);
    if (status == C2D_OK && !signer_resource(credentials, device_id, &resource))
        status = fail_memory(error);
    if (status == C2D_OK)
        status = sas_token(resource.data, &credentials->key, credentials->policy, now_s + ttl_s,
                           &text, error);
    if (status == C2D_OK)
        *token = buf_take(&text);
    if (status == C2D_OK && *token == NULL)
        status = fail_memory(error);
    buf_clear(&text);
    buf_clear(&resource);
    return status;
}

enum c2d_status c2d_sas_decode(const char *token, struct c2d_sas *sas, struct c2d_error *error)
{
    error_reset(error);
    return sas_parse(token, sas, error);
}
