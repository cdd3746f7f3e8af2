/* Operations that their caller does not wait for one by one: each is an object of its own until its
 * result is handed out. */
#include "operations.h"
#include "status.h"

#include <stdlib.h>
#include <string.h>

struct submitted {
    struct operation operation; /* first: a call leads back to it */
    enum c2d_action action;
    void *tag;
};

static struct submitted *submitted_of(struct call *call)
{
    return (struct submitted *)((char *)call - offsetof(struct operation, call));
}

static void drop(struct call *call)
{
    struct submitted *submitted = submitted_of(call);

    operation_end(&submitted->operation, C2D_OK);
    free(submitted);
}

static enum c2d_status prepare(struct operation *operation, struct c2d_client *client,
                               const struct c2d_request *request, struct c2d_error *error)
{
    switch (request->action) {
    case C2D_ACTION_RECEIVE:
        return operation_prepare(operation, client, ENDPOINT_RECEIVE,
                                 (struct endpoint_target) { 0 }, error);
    case C2D_ACTION_SETTLE:
        if (request->lock_token == NULL)
            break;
        return operation_prepare(operation, client, endpoint_of_outcome(request->outcome),
                                 (struct endpoint_target) { .lock_token = request->lock_token },
                                 error);
    case C2D_ACTION_SEND:
        if (request->device_id == NULL || request->message == NULL)
            break;
        return operation_prepare_send(operation, client, request->device_id, request->message,
                                      error);
    case C2D_ACTION_DEVICE_INFO:
        if (request->device_id == NULL)
            break;
        return operation_prepare(operation, client, ENDPOINT_DEVICE,
                                 (struct endpoint_target) { .device_id = request->device_id },
                                 error);
    }
    return fail(error, C2D_USAGE, "a request without what its action needs");
}

enum c2d_status c2d_submit(struct c2d_client *client, const struct c2d_request *request,
                           struct c2d_error *error)
{
    struct submitted *submitted = calloc(1, sizeof *submitted);
    enum c2d_status status;

    error_reset(error);
    if (submitted == NULL)
        return fail_memory(error);
    status = prepare(&submitted->operation, client, request, error);
    if (status != C2D_OK) {
        operation_end(&submitted->operation, status);
        free(submitted);
        return status;
    }
    submitted->action = request->action;
    submitted->tag = request->tag;
    submitted->operation.call.drop = drop;
    exchange_submit(exchange_of(client), &submitted->operation.call);
    return C2D_OK;
}

static void finish(struct submitted *submitted, struct c2d_result *result)
{
    struct operation *operation = &submitted->operation;

    *result = (struct c2d_result) { .tag = submitted->tag, .action = submitted->action };
    switch (submitted->action) {
    case C2D_ACTION_RECEIVE:
        operation_finish_receive(operation, &result->message, &result->error);
        break;
    case C2D_ACTION_SETTLE:
        operation_finish_settle(operation, &result->error);
        break;
    case C2D_ACTION_SEND:
        operation_finish_send(operation, &result->error);
        break;
    case C2D_ACTION_DEVICE_INFO:
        operation_finish_device_info(operation, &result->device_info, &result->error);
        break;
    }
}

bool c2d_wait(struct c2d_client *client, int timeout_ms, struct c2d_result *result)
{
    struct exchange *exchange = exchange_of(client);
    struct call *call;

    while ((call = exchange_wait(exchange, NULL, timeout_ms < 0 ? INT64_MAX : timeout_ms)) != NULL
           && operation_takes_older_form(&submitted_of(call)->operation))
        exchange_submit(exchange, call);
    if (call == NULL)
        return false;
    finish(submitted_of(call), result);
    drop(call);
    return true;
}

size_t c2d_backing_off(const struct c2d_client *client)
{
    return exchange_of(client)->schedule.sleeping.count;
}
