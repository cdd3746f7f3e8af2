#include "request.h"

#include "base/error.h"

#include <stddef.h>
#include <string.h>

/* Chooses the endpoint of a request. */
static enum c2d_status choose(const struct c2d_request *request, enum endpoint_id *id,
                              struct c2d_error *error)
{
    switch (request->action) {
    case C2D_ACTION_RECEIVE:
        *id = ENDPOINT_RECEIVE;
        return C2D_OK;
    case C2D_ACTION_SETTLE:
        return operation_settle_endpoint(request->outcome, id, error);
    case C2D_ACTION_SEND:
        *id = ENDPOINT_SEND;
        return C2D_OK;
    case C2D_ACTION_FEEDBACK:
        *id = ENDPOINT_FEEDBACK;
        return C2D_OK;
    case C2D_ACTION_FEEDBACK_SETTLE:
        return operation_feedback_settle_endpoint(request->outcome, id, error);
    case C2D_ACTION_PURGE:
        *id = ENDPOINT_PURGE;
        return C2D_OK;
    case C2D_ACTION_DEVICE_INFO:
        *id = ENDPOINT_DEVICE;
        return C2D_OK;
    }
    return fail(error, C2D_USAGE, "%d is not an action of a request", (int)request->action);
}

/* Takes only the members that the action uses. */
static struct operation_target target_of(const struct c2d_request *request)
{
    switch (request->action) {
    case C2D_ACTION_SETTLE:
    case C2D_ACTION_FEEDBACK_SETTLE:
        return (struct operation_target) { .lock_token = request->lock_token };
    case C2D_ACTION_SEND:
        return (struct operation_target) { .device_id = request->device_id,
                                           .message = request->message };
    case C2D_ACTION_PURGE:
    case C2D_ACTION_DEVICE_INFO:
        return (struct operation_target) { .device_id = request->device_id };
    case C2D_ACTION_RECEIVE:
    case C2D_ACTION_FEEDBACK:
        break;
    }
    return (struct operation_target) { 0 };
}

enum c2d_status request_prepare(struct operation *operation, struct c2d_client *client,
                                const struct c2d_request *request, struct c2d_error *error)
{
    enum endpoint_id id = ENDPOINT_RECEIVE;
    enum c2d_status status;

    if (request == NULL)
        return fail(error, C2D_USAGE, "the request is missing (NULL)");
    if (request->spare[0] != NULL || request->spare[1] != NULL)
        return fail(error, C2D_USAGE, "the request sets members that this version lacks");
    status = choose(request, &id, error);
    return status == C2D_OK ? operation_prepare(operation, client, id, target_of(request), error)
                            : status;
}

void request_clear(struct c2d_result *result)
{
    memset(result, 0, offsetof(struct c2d_result, error));
}

void request_finish(struct operation *operation, enum c2d_action action, struct c2d_result *result,
                    struct c2d_error *error)
{
    request_clear(result);
    result->action = action;
    switch (action) {
    case C2D_ACTION_RECEIVE:
        operation_finish_receive(operation, &result->message, error);
        break;
    case C2D_ACTION_SETTLE:
    case C2D_ACTION_FEEDBACK_SETTLE:
        operation_finish_settle(operation, error);
        break;
    case C2D_ACTION_SEND:
        operation_finish_send(operation, error);
        break;
    case C2D_ACTION_FEEDBACK:
        operation_finish_feedback(operation, &result->feedback, error);
        break;
    case C2D_ACTION_PURGE:
        operation_finish_purge(operation, &result->purged, error);
        break;
    case C2D_ACTION_DEVICE_INFO:
        operation_finish_device_info(operation, &result->device_info, error);
        break;
    }
}
