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

/* Returns the next call that has ended, or NULL after timeout_ms, also if a send is repeated in its
 * older form. */
static struct call *wait_for_call(struct exchange *exchange, int64_t timeout_ms)
{
    int64_t now_ms = exchange_now_ms(exchange);
    int64_t end_ms = timeout_ms < 0 ? INT64_MAX : now_ms + timeout_ms;

    for (;; now_ms = exchange_now_ms(exchange)) {
        struct call *call = exchange_wait(exchange, NULL, end_ms > now_ms ? end_ms - now_ms : 0);
        struct operation *operation;

        if (call == NULL)
            return NULL;
        operation = &submitted_of(call)->operation;
        if (!operation_use_older_form(operation))
            return call;
        exchange_submit_again(exchange, &operation->client->calls, call);
        if (exchange_now_ms(exchange) >= end_ms)
            return NULL;
    }
}

bool c2d_wait(struct c2d_client *client, int timeout_ms, struct c2d_result *result)
{
    struct submitted *submitted;
    struct call *call;

    if (client == NULL || (call = wait_for_call(client_exchange(client), timeout_ms)) == NULL)
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
