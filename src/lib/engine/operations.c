/* Prepares operations, and interprets their responses. */
#include "operations.h"

#include "base/error.h"
#include "hub/feedback.h"
#include "hub/message.h"

#include <string.h>

/* Takes the members of request that the endpoint uses, and checks that they are not NULL. */
static enum c2d_status take_request(struct call *call, const struct c2d_request *request,
                                    struct c2d_error *error)
{
    const struct endpoint *endpoint = call->endpoint;
    bool has_device_id = strstr(endpoint->path, "{d}") != NULL && !endpoint_is_for_device(endpoint);
    bool has_lock_token = strstr(endpoint->path, "{t}") != NULL;
    bool has_message = endpoint == &endpoints[ENDPOINT_SEND];

    call->device_id = has_device_id ? request->device_id : call->signer->credentials->device_id;
    call->lock_token = has_lock_token ? request->lock_token : NULL;
    call->message = has_message ? request->message : NULL;
    if (has_lock_token && call->lock_token == NULL)
        return fail(error, C2D_USAGE, "the lock token is missing (NULL)");
    if (has_device_id && call->device_id == NULL)
        return fail(error, C2D_USAGE, "the device id is missing (NULL)");
    if (has_message && call->message == NULL)
        return fail(error, C2D_USAGE, "the message is missing (NULL)");
    return C2D_OK;
}

/* Generates an id for a message without one, so that receivers can recognise a duplicate. */
static enum c2d_status name_message(struct operation *operation, struct c2d_error *error)
{
    enum c2d_status status;

    if (operation->call.message == NULL || operation->call.message->message_id != NULL)
        return C2D_OK;
    status = c2d_uuid(operation->message_id);
    operation->call.message_id = operation->message_id;
    return status == C2D_OK ? C2D_OK
                            : fail(error, status, "the system has no randomness for a message id");
}

enum c2d_status operation_prepare(struct operation *operation, struct c2d_client *client,
                                  enum endpoint_id id, const struct c2d_request *request,
                                  struct c2d_error *error)
{
    struct call *call = &operation->call;
    enum c2d_status status;

    operation->client = client;
    if (client == NULL)
        return fail(error, C2D_USAGE, "the client is missing (NULL)");
    call->endpoint = &endpoints[id];
    call->signer = &client->signer;
    status = take_request(call, request, error);
    if (status != C2D_OK)
        return status;
    if (call->message != NULL)
        call->expiry =
            (struct expiry) { .ttl_s = call->message->ttl_s, .at_s = call->message->expires_at_s };
    status = call_check(call, error);
    return status == C2D_OK ? name_message(operation, error) : status;
}

void operation_end(struct operation *operation)
{
    call_clear(&operation->call);
}

/* ---- Send ---- */

static bool is_doubtful_failure(const struct c2d_error *error)
{
    return error->status != C2D_OK && error->status != C2D_DRY_RUN && error->earlier_try_unanswered;
}

/* Describes a failed send that is in doubt. */
static void explain_doubt(const char *id, struct c2d_error *error)
{
    char cause[sizeof error->text];

    memcpy(cause, error->text, sizeof cause);
    /* A later attempt was refused: keeps that status, and adds the doubt. */
    if (error->http_status != 0 && !call_leaves_doubt(error)) {
        fail(error, error->status,
             "%.300s; an earlier attempt got no response from the hub: message '%.128s' may be "
             "queued",
             cause, id);
        return;
    }
    hint(error, "send it again with the same message id if a duplicate is acceptable");
    fail(error, C2D_UNKNOWN_OUTCOME, "message '%.128s' may be queued: %.300s", id, cause);
}

void operation_explain_send(struct operation *operation, struct c2d_error *error)
{
    const struct call *call = &operation->call;

    if (call->endpoint == &endpoints[ENDPOINT_SEND_OLDER] && call_lacks_path(error)) {
        /* The response to the first form is more precise. */
        outcome_get(&call->refused, error);
        error->attempts = call->outcome.attempts;
        error->earlier_try_unanswered = call->outcome.earlier_try_unanswered;
    }
    if (is_doubtful_failure(error))
        explain_doubt(call->message_id != NULL ? call->message_id : call->message->message_id,
                      error);
    memcpy(error->message_id, operation->message_id, sizeof operation->message_id);
}

/* ---- The other operations ---- */

enum c2d_status operation_read_message(struct operation *operation, struct c2d_message **message,
                                       struct c2d_error *error)
{
    const struct call_progress *progress = &operation->call.progress;
    const char *device_id = operation->client->credentials.device_id;
    enum c2d_status status;

    if (operation->call.response.status == 204)
        return fail(error, C2D_NO_MESSAGE, "no message waits for device '%s'", device_id);
    status = message_from_response(&operation->call.response, device_id, progress->started_at_s,
                                   message, error);
    /* The hub cannot have locked it before the request was sent. */
    if (status == C2D_OK)
        (*message)->lock_expires_ms = progress->started_ms + (int64_t)C2D_LOCK_S * 1000;
    return status;
}

/* A 412 does not show whether the attempt in doubt settled the message or the lock expired; the
 * caller knows when the lock expires. */
void operation_explain_settle(struct operation *operation, struct c2d_error *error)
{
    const char *what =
        endpoint_is_for_device(operation->call.endpoint) ? "the message" : "the batch";
    char cause[sizeof error->text];

    if (!is_doubtful_failure(error))
        return;
    memcpy(cause, error->text, sizeof cause);
    if (error->status == C2D_LOCK_LOST)
        hint(error, "%s was settled if its lock had not expired; otherwise it comes again", what);
    fail(error, error->status,
         "%.380s; an attempt got no response from the hub: %s may have been settled", cause, what);
}

enum c2d_status operation_read_feedback(struct operation *operation, struct c2d_feedback **feedback,
                                        struct c2d_error *error)
{
    struct http_response *response = &operation->call.response;
    const char *lock_token;
    enum c2d_status status;

    if (response->status == 204)
        return fail(error, C2D_NO_MESSAGE, "no feedback waits");
    lock_token = message_lock_token(&response->headers);
    if (lock_token == NULL)
        return fail(error, C2D_PROTOCOL, "the feedback batch has no usable lock token (ETag)");
    status = feedback_read(&response->body, lock_token, feedback, error);
    if (status == C2D_OK)
        (*feedback)->lock_expires_ms =
            operation->call.progress.started_ms + (int64_t)C2D_LOCK_S * 1000;
    return status;
}
