/* The public operations that block until their result. */
#include "base/error.h"
#include "hub/hub_clock.h"
#include "request.h"

/* Fills in all of result but its error. */
static enum c2d_status perform(struct c2d_client *client, const struct c2d_request *request,
                               struct c2d_result *result, struct c2d_error *error)
{
    struct operation operation = { 0 };
    struct exchange *exchange;
    struct c2d_error spare;

    /* cppcheck-suppress uninitvar; error_reset() fills it in */
    error = error == NULL ? &spare : error;
    error_reset(error);
    request_clear(result);
    if (request_prepare(&operation, client, request, error) == C2D_OK) {
        exchange = client_exchange(client);
        operation.call.expiry.from_start = true;
        exchange_perform(exchange, &client->calls, &operation.call);
        request_finish(&operation, request->action, result, error);
        /* Not for c2d_submit(), as it takes a hundredth of the time of a send. */
        if (request->action == C2D_ACTION_SEND && error->status == C2D_OK)
            hub_clock_read(&operation.call.response,
                           hub_clock_now_s(client->signer.hub_clock, &exchange->terms.clock),
                           &error->hub_time_s);
    }
    operation_end(&operation);
    return error->status;
}

enum c2d_status c2d_send(struct c2d_client *service, const char *device_id,
                         const struct c2d_message *message, struct c2d_error *error)
{
    struct c2d_result result;

    return perform(service,
                   &(struct c2d_request) {
                       .action = C2D_ACTION_SEND, .device_id = device_id, .message = message },
                   &result, error);
}

enum c2d_status c2d_receive(struct c2d_client *device, struct c2d_message **message,
                            struct c2d_error *error)
{
    struct c2d_result result;
    enum c2d_status status =
        perform(device, &(struct c2d_request) { .action = C2D_ACTION_RECEIVE }, &result, error);

    *message = result.message;
    return status;
}

enum c2d_status c2d_settle(struct c2d_client *device, const char *lock_token,
                           enum c2d_outcome outcome, struct c2d_error *error)
{
    struct c2d_result result;

    return perform(device,
                   &(struct c2d_request) {
                       .action = C2D_ACTION_SETTLE, .lock_token = lock_token, .outcome = outcome },
                   &result, error);
}

enum c2d_status c2d_feedback_receive(struct c2d_client *service, struct c2d_feedback **feedback,
                                     struct c2d_error *error)
{
    struct c2d_result result;
    enum c2d_status status =
        perform(service, &(struct c2d_request) { .action = C2D_ACTION_FEEDBACK }, &result, error);

    *feedback = result.feedback;
    return status;
}

enum c2d_status c2d_feedback_settle(struct c2d_client *service, const char *lock_token,
                                    enum c2d_outcome outcome, struct c2d_error *error)
{
    struct c2d_result result;

    return perform(service,
                   &(struct c2d_request) { .action = C2D_ACTION_FEEDBACK_SETTLE,
                                           .lock_token = lock_token,
                                           .outcome = outcome },
                   &result, error);
}

enum c2d_status c2d_purge(struct c2d_client *service, const char *device_id, int64_t *purged,
                          struct c2d_error *error)
{
    struct c2d_result result;
    enum c2d_status status = perform(
        service, &(struct c2d_request) { .action = C2D_ACTION_PURGE, .device_id = device_id },
        &result, error);

    if (purged != NULL && status == C2D_OK)
        *purged = result.purged;
    return status;
}

enum c2d_status c2d_device_info_get(struct c2d_client *service, const char *device_id,
                                    struct c2d_device_info **info, struct c2d_error *error)
{
    struct c2d_result result;
    enum c2d_status status = perform(
        service, &(struct c2d_request) { .action = C2D_ACTION_DEVICE_INFO, .device_id = device_id },
        &result, error);

    *info = result.device_info;
    return status;
}

/* ---- Probe ---- */

/* Fills in what is known before a request. */
static void describe(const struct c2d_client *client, struct c2d_probe *probe)
{
    const struct credentials *credentials = &client->credentials;

    *probe = (struct c2d_probe) {
        .key_size = credentials->key.size,
        .proxy = client->shared->proxy.name[0] != '\0' ? client->shared->proxy.name : NULL,
    };
    if (credentials->x509) {
        probe->certificate = client->shared->certificate.subject;
        probe->credentials_end_at_s = client->shared->certificate.ends_at_s;
    } else if (credentials->token != NULL) {
        probe->credentials_end_at_s = credentials->token_ends_at_s;
    }
}

enum c2d_status c2d_probe(struct c2d_client *client, struct c2d_probe *probe,
                          struct c2d_error *error)
{
    struct c2d_request nothing = { .lock_token = "00000000-0000-0000-0000-000000000000" };
    struct operation operation = { 0 };
    struct c2d_error spare;
    enum c2d_status status;
    bool is_device;

    /* cppcheck-suppress uninitvar; error_reset() fills it in */
    error = error == NULL ? &spare : error;
    error_reset(error);
    *probe = (struct c2d_probe) { 0 };
    if (client == NULL)
        return fail(error, C2D_USAGE, "the client is missing (NULL)");
    describe(client, probe);
    is_device = client->credentials.role == C2D_ROLE_DEVICE;
    status = operation_prepare(&operation, client,
                               is_device ? ENDPOINT_PROBE_DEVICE : ENDPOINT_PROBE_SERVICE, &nothing,
                               error);
    operation.call.probe = probe;
    if (status == C2D_OK) {
        exchange_perform(client_exchange(client), &client->calls, &operation.call);
        outcome_get(&operation.call.outcome, error);
        status = error->status;
    }
    operation_end(&operation);
    return status;
}
