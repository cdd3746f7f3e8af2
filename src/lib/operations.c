/* The public operations: each builds a request, has it exchanged and reads the answer. */
#include "client.h"
#include "ids.h"
#include "json.h"
#include "message.h"
#include "sas.h"
#include "status.h"

#include <string.h>

/* Every operation takes error as optional and needs one for its own use. */
static struct c2d_error *own(struct c2d_error *error, struct c2d_error *spare)
{
    if (error == NULL)
        error = spare;
    error_reset(error);
    return error;
}

/* Was the answer of something that knows no such path, rather than of the hub about a device? */
static bool knows_no_path(const struct c2d_error *error)
{
    return (error->http_status == 404 || error->http_status == 405 || error->http_status == 501)
           && error->hub_code == 0 && error->hub_code_name[0] == '\0';
}

/* The older form takes over the message of a try that the hub has refused: it is not ambiguous. */
static enum c2d_status send_older(struct c2d_client *service, const char *device_id,
                                  const struct exchange_call *call, struct c2d_error *error)
{
    struct c2d_error refused = *error;
    enum c2d_status status =
        endpoint_send_older(&service->endpoint, device_id, call->request, error);

    if (status == C2D_OK)
        status = exchange_perform(&service->exchange, call, error);
    if (status != C2D_OK && knows_no_path(error))
        *error = refused; /* what the documented form was answered says more */
    error->attempts += refused.attempts;
    return error->status;
}

enum c2d_status c2d_send(struct c2d_client *service, const char *device_id,
                         const struct c2d_message *message, struct c2d_error *error)
{
    struct c2d_error spare;
    struct http_request request = { 0 };
    struct http_response response = { 0 };
    struct exchange_call call = {
        .kind = EXCHANGE_SEND,
        .request = &request,
        .question = { "send", device_id, "ServiceConnect", false },
        .expected = { 204, 0 },
        .response = &response,
    };
    enum c2d_status status;

    error = own(error, &spare);
    status = endpoint_send(&service->endpoint, device_id, message, &request, error);
    if (status == C2D_OK) {
        status = exchange_perform(&service->exchange, &call, error);
        if (status != C2D_OK && knows_no_path(error))
            status = send_older(service, device_id, &call, error);
    }
    if (status != C2D_OK && error->http_status == 0 && error->earlier_try_unanswered) {
        char cause[sizeof error->text];

        memcpy(cause, error->text, sizeof cause);
        hint(error, "send it again under the same message id if twice is better than never");
        status = fail(error, C2D_UNKNOWN_OUTCOME, "the message may be queued: %.400s", cause);
    } else if (status != C2D_OK && error->earlier_try_unanswered && error->hint[0] == '\0') {
        hint(error, "an earlier try got no answer: the message may be queued all the same");
    }
    http_response_clear(&response);
    http_request_clear(&request);
    return status;
}

enum c2d_status c2d_receive(struct c2d_client *device, struct c2d_message **message,
                            struct c2d_error *error)
{
    struct c2d_error spare;
    struct http_request request = { 0 };
    struct http_response response = { 0 };
    const char *device_id = device->credentials.device_id;
    int64_t asked_at_s = device->exchange.clock.wall_s(device->exchange.clock.context);
    struct exchange_call call = {
        .kind = EXCHANGE_READ,
        .request = &request,
        .question = { "receive", device_id, "DeviceConnect", true },
        .expected = { 200, 204 },
        .response = &response,
    };
    enum c2d_status status;

    *message = NULL;
    error = own(error, &spare);
    status = endpoint_receive(&device->endpoint, &request, error);
    if (status == C2D_OK)
        status = exchange_perform(&device->exchange, &call, error);
    if (status == C2D_OK && response.status == 204)
        status = fail(error, C2D_NO_MESSAGE, "no message waits for device '%s'", device_id);
    else if (status == C2D_OK)
        status = message_from_response(&response, device_id, asked_at_s, message, error);
    http_response_clear(&response);
    http_request_clear(&request);
    return status;
}

/* Has call's settlement sent, with the request that was built as status says. */
static enum c2d_status settle(struct c2d_client *client, const struct exchange_call *call,
                              enum c2d_status built, struct c2d_error *error)
{
    enum c2d_status status = built;

    if (status == C2D_OK)
        status = exchange_perform(&client->exchange, call, error);
    /* The lock is gone because an earlier try of this very call has ended it, unseen. */
    if (status == C2D_LOCK_LOST && error->earlier_try_unanswered) {
        error->status = status = C2D_OK;
        error->text[0] = error->hint[0] = '\0';
    }
    http_response_clear(call->response);
    http_request_clear(call->request);
    return status;
}

static const char *outcome_name(enum c2d_outcome outcome)
{
    return outcome == C2D_COMPLETE ? "complete" : outcome == C2D_REJECT ? "reject" : "abandon";
}

enum c2d_status c2d_settle(struct c2d_client *device, const char *lock_token,
                           enum c2d_outcome outcome, struct c2d_error *error)
{
    struct c2d_error spare;
    struct http_request request = { 0 };
    struct http_response response = { 0 };
    struct exchange_call call = {
        .kind = EXCHANGE_SETTLE,
        .request = &request,
        .question = { outcome_name(outcome), device->credentials.device_id, "DeviceConnect", true },
        .expected = { 204, 0 },
        .response = &response,
    };

    error = own(error, &spare);
    return settle(device, &call,
                  endpoint_settle(&device->endpoint, lock_token, outcome, &request, error), error);
}

enum c2d_status c2d_feedback_settle(struct c2d_client *service, const char *lock_token,
                                    enum c2d_outcome outcome, struct c2d_error *error)
{
    struct c2d_error spare;
    struct http_request request = { 0 };
    struct http_response response = { 0 };
    struct exchange_call call = {
        .kind = EXCHANGE_SETTLE,
        .request = &request,
        .question = { outcome_name(outcome), NULL, "ServiceConnect", false },
        .expected = { 204, 0 },
        .response = &response,
    };

    error = own(error, &spare);
    return settle(
        service, &call,
        endpoint_feedback_settle(&service->endpoint, lock_token, outcome, &request, error), error);
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
    struct c2d_error spare;
    struct http_request request = { 0 };
    struct http_response response = { 0 };
    struct exchange_call call = {
        .kind = EXCHANGE_READ,
        .request = &request,
        .question = { "read feedback", NULL, "ServiceConnect", false },
        .expected = { 200, 204 },
        .response = &response,
    };
    enum c2d_status status;

    *feedback = NULL;
    error = own(error, &spare);
    status = endpoint_feedback(&service->endpoint, &request, error);
    if (status == C2D_OK)
        status = exchange_perform(&service->exchange, &call, error);
    if (status == C2D_OK)
        status = read_feedback(&response, feedback, error);
    http_response_clear(&response);
    http_request_clear(&request);
    return status;
}

enum c2d_status c2d_purge(struct c2d_client *service, const char *device_id, int64_t *purged,
                          struct c2d_error *error)
{
    struct c2d_error spare;
    struct http_request request = { 0 };
    struct http_response response = { 0 };
    struct exchange_call call = {
        .kind = EXCHANGE_SEND,
        .request = &request,
        .question = { "purge", device_id, "ServiceConnect", false },
        .expected = { 200, 0 },
        .response = &response,
    };
    int64_t count = 0;
    enum c2d_status status;

    error = own(error, &spare);
    status = endpoint_purge(&service->endpoint, device_id, &request, error);
    if (status == C2D_OK)
        status = exchange_perform(&service->exchange, &call, error);
    if (status == C2D_OK)
        status = json_read_purge(&response.body, &count, error);
    if (status == C2D_OK && purged != NULL)
        *purged = count;
    http_response_clear(&response);
    http_request_clear(&request);
    return status;
}

enum c2d_status c2d_device_info_get(struct c2d_client *service, const char *device_id,
                                    struct c2d_device_info **info, struct c2d_error *error)
{
    struct c2d_error spare;
    struct http_request request = { 0 };
    struct http_response response = { 0 };
    struct exchange_call call = {
        .kind = EXCHANGE_READ,
        .request = &request,
        .question = { "read the registry", device_id, "RegistryRead", false },
        .expected = { 200, 0 },
        .hides_keys = true,
        .response = &response,
    };
    enum c2d_status status;

    *info = NULL;
    error = own(error, &spare);
    status = endpoint_device(&service->endpoint, device_id, &request, error);
    if (status == C2D_OK)
        status = exchange_perform(&service->exchange, &call, error);
    if (status == C2D_OK)
        status = json_read_device(&response.body, info, error);
    http_response_clear(&response);
    http_request_clear(&request);
    return status;
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
    error = own(error, &spare);
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
