/* Prepares operations, and interprets their responses. */
#include "operations.h"

#include "base/error.h"
#include "hub/device_info.h"
#include "hub/feedback.h"
#include "hub/ids.h"
#include "hub/message.h"
#include "hub/purge.h"

#include <string.h>

/* Checks that the parameters of the endpoint are not NULL. */
static enum c2d_status check_target(enum endpoint_id id, const struct operation_target *target,
                                    struct c2d_error *error)
{
    const struct endpoint *endpoint = &endpoints[id];

    if (strstr(endpoint->path, "{t}") != NULL && target->lock_token == NULL)
        return fail(error, C2D_USAGE, "the lock token is missing (NULL)");
    if (strstr(endpoint->path, "{d}") != NULL && !endpoint_is_for_device(endpoint)
        && target->device_id == NULL)
        return fail(error, C2D_USAGE, "the device id is missing (NULL)");
    if (id == ENDPOINT_SEND && target->message == NULL)
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
                                  enum endpoint_id id, struct operation_target target,
                                  struct c2d_error *error)
{
    enum c2d_status status;

    operation->client = client;
    if (client == NULL)
        return fail(error, C2D_USAGE, "the client is missing (NULL)");
    status = check_target(id, &target, error);
    if (status != C2D_OK)
        return status;
    operation->call.endpoint = &endpoints[id];
    operation->call.signer = &client->signer;
    operation->call.device_id =
        target.device_id != NULL ? target.device_id : client->credentials.device_id;
    operation->call.lock_token = target.lock_token;
    operation->call.message = target.message;
    if (target.message != NULL)
        operation->call.expiry = (struct expiry) { .ttl_s = target.message->ttl_s,
                                                   .at_s = target.message->expires_at_s };
    status = call_check(&operation->call, error);
    return status == C2D_OK ? name_message(operation, error) : status;
}

void operation_end(struct operation *operation)
{
    call_clear(&operation->call);
    outcome_clear(&operation->refused);
}

/* ---- Send ---- */

/* True if the peer does not know the path. A hub's response about a device has a code. */
static bool lacks_path(const struct c2d_error *error)
{
    return (error->http_status == 404 || error->http_status == 405 || error->http_status == 501)
           && error->hub_code == 0 && error->hub_code_name[0] == '\0';
}

bool operation_use_older_form(struct operation *operation)
{
    struct call *call = &operation->call;
    struct c2d_error error;

    if (call->outcome.status == C2D_OK || call->endpoint != &endpoints[ENDPOINT_SEND])
        return false;
    outcome_get(&call->outcome, &error);
    if (!lacks_path(&error))
        return false;
    /* Progress is kept: for the caller it is one operation. */
    operation->refused = call->outcome;
    call->outcome = (struct outcome) { 0 };
    call->endpoint = &endpoints[ENDPOINT_SEND_OLDER];
    return true;
}

/* Describes a failed send that is in doubt. */
static enum c2d_status explain_send(const char *id, struct c2d_error *error)
{
    char cause[sizeof error->text];

    memcpy(cause, error->text, sizeof cause);
    /* A later attempt was refused: keeps that status, and adds the doubt. */
    if (error->http_status != 0 && !call_leaves_doubt(error))
        return fail(error, error->status,
                    "%.300s; an earlier attempt got no response: message '%.128s' may be queued",
                    cause, id);
    hint(error, "send it again with the same message id if a duplicate is acceptable");
    return fail(error, C2D_UNKNOWN_OUTCOME, "message '%.128s' may be queued: %.300s", id, cause);
}

enum c2d_status operation_finish_send(struct operation *operation, struct c2d_error *error)
{
    const struct call *call = &operation->call;
    enum c2d_status status;

    outcome_get(&call->outcome, error);
    if (call->endpoint == &endpoints[ENDPOINT_SEND_OLDER] && lacks_path(error)) {
        /* The response to the first form is more precise. */
        outcome_get(&operation->refused, error);
        error->attempts = call->outcome.attempts;
    }
    status = error->status;
    if (status != C2D_OK && status != C2D_DRY_RUN && error->earlier_try_unanswered)
        status = explain_send(
            call->message_id != NULL ? call->message_id : call->message->message_id, error);
    memcpy(error->message_id, operation->message_id, sizeof operation->message_id);
    return status;
}

/* ---- Receive and settle ---- */

enum c2d_status operation_finish_receive(struct operation *operation, struct c2d_message **message,
                                         struct c2d_error *error)
{
    const struct call_progress *progress = &operation->call.progress;
    const char *device_id = operation->client->credentials.device_id;
    enum c2d_status status;

    *message = NULL;
    outcome_get(&operation->call.outcome, error);
    if (error->status != C2D_OK)
        return error->status;
    if (operation->call.response.status == 204)
        return fail(error, C2D_NO_MESSAGE, "no message waits for device '%s'", device_id);
    status = message_from_response(&operation->call.response, device_id, progress->started_at_s,
                                   message, error);
    /* The hub cannot have locked it before the request was sent. */
    if (status == C2D_OK)
        (*message)->lock_expires_ms = progress->started_ms + (int64_t)C2D_LOCK_S * 1000;
    return status;
}

/* Describes a failed settlement after an attempt that is in doubt. A 412 does not show whether that
 * attempt settled the message or the lock expired; the caller knows when the lock expires. */
enum c2d_status operation_finish_settle(struct operation *operation, struct c2d_error *error)
{
    const char *what =
        endpoint_is_for_device(operation->call.endpoint) ? "the message" : "the batch";
    char cause[sizeof error->text];

    outcome_get(&operation->call.outcome, error);
    if (error->status == C2D_OK || error->status == C2D_DRY_RUN || !error->earlier_try_unanswered)
        return error->status;
    memcpy(cause, error->text, sizeof cause);
    if (error->status == C2D_LOCK_LOST)
        hint(error, "%s was settled if its lock had not expired; otherwise it comes again", what);
    return fail(error, error->status,
                "%.380s; an attempt got no response: %s may have been settled", cause, what);
}

static enum c2d_status check_outcome(enum c2d_outcome outcome, struct c2d_error *error)
{
    /* As an int: C allows any number for an enum. */
    switch ((int)outcome) {
    case C2D_COMPLETE:
    case C2D_REJECT:
    case C2D_ABANDON:
        return C2D_OK;
    default:
        return fail(error, C2D_USAGE, "%d is not an outcome of a settlement", (int)outcome);
    }
}

enum c2d_status operation_settle_endpoint(enum c2d_outcome outcome, enum endpoint_id *id,
                                          struct c2d_error *error)
{
    *id = outcome == C2D_COMPLETE ? ENDPOINT_COMPLETE
          : outcome == C2D_REJECT ? ENDPOINT_REJECT
                                  : ENDPOINT_ABANDON;
    return check_outcome(outcome, error);
}

enum c2d_status operation_feedback_settle_endpoint(enum c2d_outcome outcome, enum endpoint_id *id,
                                                   struct c2d_error *error)
{
    *id = outcome == C2D_COMPLETE ? ENDPOINT_FEEDBACK_COMPLETE : ENDPOINT_FEEDBACK_ABANDON;
    if (outcome == C2D_REJECT)
        return fail(error, C2D_DATA, "a feedback batch is completed or abandoned, never rejected");
    return check_outcome(outcome, error);
}

/* ---- Back end ---- */

enum c2d_status operation_finish_feedback(struct operation *operation,
                                          struct c2d_feedback **feedback, struct c2d_error *error)
{
    struct http_response *response = &operation->call.response;
    const char *lock_token;
    enum c2d_status status;

    *feedback = NULL;
    outcome_get(&operation->call.outcome, error);
    if (error->status != C2D_OK)
        return error->status;
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

enum c2d_status operation_finish_purge(struct operation *operation, int64_t *purged,
                                       struct c2d_error *error)
{
    outcome_get(&operation->call.outcome, error);
    return error->status == C2D_OK ? purge_read(&operation->call.response.body, purged, error)
                                   : error->status;
}

enum c2d_status operation_finish_device_info(struct operation *operation,
                                             struct c2d_device_info **info, struct c2d_error *error)
{
    *info = NULL;
    outcome_get(&operation->call.outcome, error);
    return error->status == C2D_OK ? device_info_read(&operation->call.response.body, info, error)
                                   : error->status;
}
