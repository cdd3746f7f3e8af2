#include "request.h"

#include "base/error.h"
#include "hub/device_info.h"
#include "hub/purge.h"

#include <stddef.h>
#include <string.h>

static const struct {
    bool has_outcome;
    enum endpoint_id endpoints[3]; /* by enum c2d_outcome; the first, if the action has none */
} rows[] = {
    [C2D_ACTION_RECEIVE] = { false, { ENDPOINT_RECEIVE } },
    [C2D_ACTION_SETTLE] = { true,
                            { [C2D_COMPLETE] = ENDPOINT_COMPLETE,
                              [C2D_REJECT] = ENDPOINT_REJECT,
                              [C2D_ABANDON] = ENDPOINT_ABANDON } },
    [C2D_ACTION_SEND] = { false, { ENDPOINT_SEND } },
    [C2D_ACTION_DEVICE_INFO] = { false, { ENDPOINT_DEVICE } },
    [C2D_ACTION_FEEDBACK] = { false, { ENDPOINT_FEEDBACK } },
    [C2D_ACTION_FEEDBACK_SETTLE] = { true,
                                     { [C2D_COMPLETE] = ENDPOINT_FEEDBACK_COMPLETE,
                                       [C2D_ABANDON] = ENDPOINT_FEEDBACK_ABANDON } },
    [C2D_ACTION_PURGE] = { false, { ENDPOINT_PURGE } },
};

static enum c2d_status check(const struct c2d_request *request, struct c2d_error *error)
{
    /* As ints: C allows any number for an enum. */
    int action = (int)request->action, outcome = (int)request->outcome;

    if (request->spare[0] != NULL || request->spare[1] != NULL)
        return fail(error, C2D_USAGE, "the request sets members that this version lacks");
    if (action < 0 || action >= (int)(sizeof rows / sizeof *rows))
        return fail(error, C2D_USAGE, "%d is not an action of a request", action);
    if (!rows[action].has_outcome)
        return C2D_OK;
    if (outcome < C2D_COMPLETE || outcome > C2D_ABANDON)
        return fail(error, C2D_USAGE, "%d is not an outcome of a settlement", outcome);
    if (action == C2D_ACTION_FEEDBACK_SETTLE && outcome == C2D_REJECT)
        return fail(error, C2D_DATA, "a feedback batch is completed or abandoned, never rejected");
    return C2D_OK;
}

enum c2d_status request_prepare(struct operation *operation, struct c2d_client *client,
                                const struct c2d_request *request, struct c2d_error *error)
{
    enum c2d_status status;
    int outcome;

    if (request == NULL)
        return fail(error, C2D_USAGE, "the request is missing (NULL)");
    status = check(request, error);
    if (status != C2D_OK)
        return status;
    outcome = rows[request->action].has_outcome ? (int)request->outcome : 0;
    return operation_prepare(operation, client, rows[request->action].endpoints[outcome], request,
                             error);
}

void request_clear(struct c2d_result *result)
{
    memset(result, 0, offsetof(struct c2d_result, error));
}

/* Reads the body of a response with the expected status. */
static void read_response(struct operation *operation, enum c2d_action action,
                          struct c2d_result *result, struct c2d_error *error)
{
    const struct buf *body = &operation->call.response.body;

    if (action == C2D_ACTION_RECEIVE)
        operation_read_message(operation, &result->message, error);
    else if (action == C2D_ACTION_FEEDBACK)
        operation_read_feedback(operation, &result->feedback, error);
    else if (action == C2D_ACTION_PURGE)
        purge_read(body, &result->purged, error);
    else if (action == C2D_ACTION_DEVICE_INFO)
        device_info_read(body, &result->device_info, error);
    if (error->status == C2D_PROTOCOL)
        hint(error, HUB_ERROR_FOREIGN);
}

void request_finish(struct operation *operation, enum c2d_action action, struct c2d_result *result,
                    struct c2d_error *error)
{
    request_clear(result);
    result->action = action;
    outcome_get(&operation->call.outcome, error);
    if (action == C2D_ACTION_SEND)
        operation_explain_send(operation, error);
    else if (error->status != C2D_OK && rows[action].has_outcome)
        operation_explain_settle(operation, error);
    else if (error->status == C2D_OK)
        read_response(operation, action, result, error);
}
