/* The public functions for many operations at once. Each operation is allocated until its result is
 * returned. */
#include "base/error.h"
#include "request.h"

#include <stdlib.h>
#include <string.h>

struct submitted {
    struct operation operation; /* first, so that submitted_of() works */
    enum c2d_action action;
    void *tag;
    char *lock_token; /* a copy; NULL: the action has none */
};

static struct submitted *submitted_of(struct call *call)
{
    return (struct submitted *)(void *)((char *)call - offsetof(struct operation, call));
}

static void drop(struct call *call)
{
    struct submitted *submitted = submitted_of(call);

    operation_end(&submitted->operation);
    free(submitted->lock_token);
    free(submitted);
}

/* Keeps what is needed after c2d_submit() has returned. False: out of memory. */
static bool take_request(struct submitted *submitted, const struct c2d_request *request)
{
    struct call *call = &submitted->operation.call;

    submitted->action = request->action;
    submitted->tag = request->tag;
    call->drop = drop;
    if (call->lock_token == NULL)
        return true;
    call->lock_token = submitted->lock_token = strdup(call->lock_token);
    return call->lock_token != NULL;
}

enum c2d_status c2d_submit(struct c2d_client *client, const struct c2d_request *request,
                           struct c2d_error *error)
{
    struct submitted *submitted = calloc(1, sizeof *submitted);
    struct call *call;
    enum c2d_status status;

    error_reset(error);
    if (submitted == NULL)
        return fail_memory(error);
    call = &submitted->operation.call;
    status = request_prepare(&submitted->operation, client, request, error);
    if (status == C2D_OK && !take_request(submitted, request))
        status = fail_memory(error);
    if (status == C2D_OK && !exchange_submit(client_exchange(client), &client->calls, call))
        status = fail_memory(error);
    if (status != C2D_OK)
        drop(call);
    return status;
}

bool c2d_wait(struct c2d_client *client, int timeout_ms, struct c2d_result *result)
{
    struct submitted *submitted;
    struct call *call;

    if (client == NULL)
        return false;
    call = exchange_wait(client_exchange(client), NULL, timeout_ms < 0 ? INT64_MAX : timeout_ms);
    if (call == NULL)
        return false;
    submitted = submitted_of(call);
    request_finish(&submitted->operation, submitted->action, result, &result->error);
    result->tag = submitted->tag;
    drop(call);
    return true;
}

size_t c2d_pending(const struct c2d_client *client)
{
    return client == NULL ? 0 : client_exchange(client)->pending;
}

size_t c2d_backing_off(const struct c2d_client *client)
{
    return client == NULL ? 0 : schedule_sleeping(&client_exchange(client)->schedule);
}

int c2d_fd(const struct c2d_client *client)
{
    return client == NULL ? -1 : exchange_descriptor(client_exchange(client));
}
