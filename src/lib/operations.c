/* The public operations: each builds a request, has it exchanged and reads the answer. */
#include "operations.h"
#include "feedback.h"
#include "ids.h"
#include "json.h"
#include "message.h"
#include "sas.h"
#include "status.h"

#include <string.h>

/* Every operation needs an error for its own use, also when the caller wants none. */
static struct c2d_error *usable(struct c2d_error *error, struct c2d_error *spare)
{
    if (error == NULL)
        error = spare;
    error_reset(error);
    return error;
}

struct exchange *exchange_of(const struct c2d_client *client)
{
    return &client->wiring->exchange;
}

enum c2d_status operation_prepare(struct operation *operation, struct c2d_client *client,
                                  enum endpoint_id id, struct endpoint_target about,
                                  struct c2d_error *error)
{
    *operation = (struct operation) { .client = client, .id = id };
    /* Member by member: a whole struct call would be cleared a second time. It leads into
     * *operation itself, which must stay where it is until operation_end(). */
    operation->call.endpoint = &endpoints[id];
    operation->call.request = &operation->request;
    operation->call.device_id =
        about.device_id != NULL ? about.device_id : client->credentials.device_id;
    operation->call.signer = &client->signer;
    operation->call.response = &operation->response;
    about.credentials = &client->credentials;
    about.api_version = client->wiring->options.api_version;
    return endpoint_request(&endpoints[id], &about, &operation->request, error);
}

/* Has the request exchanged, if it could be made. */
static enum c2d_status perform(struct operation *operation, enum c2d_status made,
                               struct c2d_error *error)
{
    if (made != C2D_OK)
        return made;
    exchange_perform(exchange_of(operation->client), &operation->call);
    *error = operation->call.error;
    return error->status;
}

enum c2d_status operation_end(struct operation *operation, enum c2d_status status)
{
    http_response_clear(&operation->response);
    http_request_clear(&operation->request);
    return status;
}

/* ---- Send ---- */

enum c2d_status operation_prepare_send(struct operation *operation, struct c2d_client *service,
                                       const char *device_id, const struct c2d_message *message,
                                       struct c2d_error *error)
{
    enum c2d_status status =
        operation_prepare(operation, service, ENDPOINT_SEND,
                          (struct endpoint_target) { .device_id = device_id }, error);

    operation->message = message;
    operation->call.expiry =
        (struct expiry) { .ttl_s = message->ttl_s, .at_s = message->expires_at_s };
    if (status == C2D_OK)
        status = message_check(message, error);
    if (status == C2D_OK)
        status = message_add_headers(message, &operation->request.headers, error);
    /* Borrowed for the call, however often it is sent. */
    operation->request.body = message->body;
    operation->request.body_size = message->body_size;
    return status;
}

/* Was the answer of something that knows no such path, rather than of the hub about a device? */
static bool knows_no_path(const struct c2d_error *error)
{
    return (error->http_status == 404 || error->http_status == 405 || error->http_status == 501)
           && error->hub_code == 0 && error->hub_code_name[0] == '\0';
}

bool operation_takes_older_form(struct operation *operation)
{
    const struct c2d_error *error = &operation->call.error;
    const struct call_progress progress = operation->call.progress;
    struct http_request usual = operation->request;
    struct operation older;
    const char *device_id = operation->call.device_id;

    if (error->status == C2D_OK || operation->id != ENDPOINT_SEND || !knows_no_path(error))
        return false;
    if (operation_prepare(&older, operation->client, ENDPOINT_SEND_OLDER,
                          (struct endpoint_target) { .device_id = device_id }, NULL)
            != C2D_OK
        || endpoint_name_device(device_id, &usual, NULL) != C2D_OK) {
        operation->request.headers = usual.headers; /* which may have moved */
        operation_end(&older, fail_memory(&operation->call.error));
        return false;
    }
    /* Message and headers go over, and time and doubts: it is one call for its caller. */
    operation->refused = *error;
    operation->id = ENDPOINT_SEND_OLDER;
    operation->call.endpoint = &endpoints[ENDPOINT_SEND_OLDER];
    operation->call.progress = progress;
    operation->request.url = older.request.url;
    operation->request.path_at = older.request.path_at;
    operation->request.headers = usual.headers;
    buf_clear(&usual.url);
    return true;
}

/* What a failed send means for somebody who may send again. */
enum c2d_status operation_finish_send(struct operation *operation, struct c2d_error *error)
{
    const struct c2d_message *message = operation->message;
    const char *id = message->message_id == NULL ? "" : message->message_id;
    char cause[sizeof error->text];

    *error = operation->call.error;
    if (operation->id == ENDPOINT_SEND_OLDER && knows_no_path(error)) {
        /* What the usual form was answered says more. */
        *error = operation->refused;
        error->attempts = operation->call.error.attempts;
    }
    if (error->status == C2D_OK || error->status == C2D_DRY_RUN || !error->earlier_try_unanswered)
        return error->status;
    memcpy(cause, error->text, sizeof cause);
    /* A later try was answered: that answer stands, and the doubt is added to it. */
    if (error->http_status != 0 && !call_leaves_doubt(error))
        return fail(error, error->status,
                    "%.300s; an earlier try got no answer: message '%.128s' may be queued", cause,
                    id);
    hint(error, "send it again under the same message id if twice is better than never");
    return fail(error, C2D_UNKNOWN_OUTCOME, "message '%.128s' may be queued: %.300s", id, cause);
}

enum c2d_status c2d_send(struct c2d_client *service, const char *device_id,
                         const struct c2d_message *message, struct c2d_error *error)
{
    struct c2d_error spare;
    struct operation operation;
    enum c2d_status status;

    error = usable(error, &spare);
    status = operation_prepare_send(&operation, service, device_id, message, error);
    operation.call.expiry.from_start = true;
    if (status == C2D_OK) {
        do
            exchange_perform(exchange_of(service), &operation.call);
        while (operation_takes_older_form(&operation));
        status = operation_finish_send(&operation, error);
    }
    /* Not for those that are submitted: it takes a hundredth of a send. */
    if (status == C2D_OK)
        hub_clock_read(
            &operation.response,
            hub_clock_now_s(service->signer.hub_clock, &exchange_of(service)->terms.clock),
            &error->hub_time_s);
    return operation_end(&operation, status);
}

/* ---- Receive and settle ---- */

enum c2d_status operation_finish_receive(struct operation *operation, struct c2d_message **message,
                                         struct c2d_error *error)
{
    const char *device_id = operation->client->credentials.device_id;
    enum c2d_status status;

    *message = NULL;
    *error = operation->call.error;
    if (error->status != C2D_OK)
        return error->status;
    if (operation->response.status == 204)
        return fail(error, C2D_NO_MESSAGE, "no message waits for device '%s'", device_id);
    status = message_from_response(&operation->response, device_id,
                                   operation->call.progress.started_at_s, message, error);
    /* The hub cannot have locked it before the request left. */
    if (status == C2D_OK)
        (*message)->lock_expires_ms =
            operation->call.progress.started_ms + (int64_t)C2D_LOCK_S * 1000;
    return status;
}

enum c2d_status c2d_receive(struct c2d_client *device, struct c2d_message **message,
                            struct c2d_error *error)
{
    struct c2d_error spare;
    struct operation operation;
    enum c2d_status status;

    *message = NULL;
    error = usable(error, &spare);
    status = operation_prepare(&operation, device, ENDPOINT_RECEIVE, (struct endpoint_target) { 0 },
                               error);
    if (status == C2D_OK) {
        exchange_perform(exchange_of(device), &operation.call);
        status = operation_finish_receive(&operation, message, error);
    }
    return operation_end(&operation, status);
}

/* What a failed settlement means after an attempt that may have settled. A 412 does not tell
 * whether that attempt ended the lock or the lock expired: the caller knows how long it held. */
enum c2d_status operation_finish_settle(struct operation *operation, struct c2d_error *error)
{
    const char *what =
        endpoint_is_for_device(operation->call.endpoint) ? "the message" : "the batch";
    char cause[sizeof error->text];

    *error = operation->call.error;
    if (error->status == C2D_OK || error->status == C2D_DRY_RUN || !error->earlier_try_unanswered)
        return error->status;
    memcpy(cause, error->text, sizeof cause);
    if (error->status == C2D_LOCK_LOST)
        hint(error, "%s was settled if its lock had not expired; else it comes again", what);
    return fail(error, error->status,
                "%.380s; an attempt got no response: %s may be settled all the same", cause, what);
}

static enum c2d_status settle(struct c2d_client *client, enum endpoint_id id,
                              const char *lock_token, struct c2d_error *error)
{
    struct c2d_error spare;
    struct operation operation;
    enum c2d_status status;

    error = usable(error, &spare);
    status = operation_prepare(&operation, client, id,
                               (struct endpoint_target) { .lock_token = lock_token }, error);
    if (status == C2D_OK) {
        exchange_perform(exchange_of(client), &operation.call);
        status = operation_finish_settle(&operation, error);
    }
    return operation_end(&operation, status);
}

enum endpoint_id endpoint_of_outcome(enum c2d_outcome outcome)
{
    return outcome == C2D_COMPLETE ? ENDPOINT_COMPLETE
           : outcome == C2D_REJECT ? ENDPOINT_REJECT
                                   : ENDPOINT_ABANDON;
}

enum c2d_status c2d_settle(struct c2d_client *device, const char *lock_token,
                           enum c2d_outcome outcome, struct c2d_error *error)
{
    return settle(device, endpoint_of_outcome(outcome), lock_token, error);
}

/* ---- Feedback ---- */

enum c2d_status c2d_feedback_settle(struct c2d_client *service, const char *lock_token,
                                    enum c2d_outcome outcome, struct c2d_error *error)
{
    error_reset(error);
    if (outcome == C2D_REJECT)
        return fail(error, C2D_DATA, "a feedback batch is completed or abandoned, never rejected");
    return settle(service,
                  outcome == C2D_COMPLETE ? ENDPOINT_FEEDBACK_COMPLETE : ENDPOINT_FEEDBACK_ABANDON,
                  lock_token, error);
}

static enum c2d_status read_feedback(struct http_response *response, struct c2d_feedback **feedback,
                                     struct c2d_error *error)
{
    const char *lock_token;

    if (response->status == 204)
        return fail(error, C2D_NO_MESSAGE, "no feedback waits");
    lock_token = lock_token_of(&response->headers);
    if (lock_token == NULL)
        return fail(error, C2D_PROTOCOL, "the feedback batch has no usable lock token (ETag)");
    return feedback_read(&response->body, lock_token, feedback, error);
}

enum c2d_status c2d_feedback_receive(struct c2d_client *service, struct c2d_feedback **feedback,
                                     struct c2d_error *error)
{
    struct c2d_error spare;
    struct operation operation;
    enum c2d_status status;

    *feedback = NULL;
    error = usable(error, &spare);
    status = operation_prepare(&operation, service, ENDPOINT_FEEDBACK,
                               (struct endpoint_target) { 0 }, error);
    status = perform(&operation, status, error);
    if (status == C2D_OK)
        status = read_feedback(&operation.response, feedback, error);
    if (*feedback != NULL)
        (*feedback)->lock_expires_ms =
            operation.call.progress.started_ms + (int64_t)C2D_LOCK_S * 1000;
    return operation_end(&operation, status);
}

/* ---- Devices ---- */

enum c2d_status c2d_purge(struct c2d_client *service, const char *device_id, int64_t *purged,
                          struct c2d_error *error)
{
    struct c2d_error spare;
    struct operation operation;
    int64_t count;
    enum c2d_status status;

    error = usable(error, &spare);
    status = operation_prepare(&operation, service, ENDPOINT_PURGE,
                               (struct endpoint_target) { .device_id = device_id }, error);
    status = perform(&operation, status, error);
    if (status == C2D_OK)
        status = json_read_purge(&operation.response.body, purged != NULL ? purged : &count, error);
    return operation_end(&operation, status);
}

enum c2d_status operation_finish_device_info(struct operation *operation,
                                             struct c2d_device_info **info, struct c2d_error *error)
{
    *info = NULL;
    *error = operation->call.error;
    return error->status == C2D_OK ? json_read_device(&operation->response.body, info, error)
                                   : error->status;
}

enum c2d_status c2d_device_info_get(struct c2d_client *service, const char *device_id,
                                    struct c2d_device_info **info, struct c2d_error *error)
{
    struct c2d_error spare;
    struct operation operation;
    enum c2d_status status;

    *info = NULL;
    error = usable(error, &spare);
    status = operation_prepare(&operation, service, ENDPOINT_DEVICE,
                               (struct endpoint_target) { .device_id = device_id }, error);
    if (status == C2D_OK) {
        exchange_perform(exchange_of(service), &operation.call);
        status = operation_finish_device_info(&operation, info, error);
    }
    return operation_end(&operation, status);
}

/* ---- Probe ---- */

/* What is known before anything is asked. */
static void describe(const struct c2d_client *client, struct c2d_probe *probe)
{
    const struct credentials *credentials = &client->credentials;

    *probe = (struct c2d_probe) {
        .key_size = credentials->key.size,
        .proxy = client->wiring->proxy.name[0] != '\0' ? client->wiring->proxy.name : NULL,
    };
    if (credentials->x509) {
        probe->certificate = client->wiring->certificate.subject;
        probe->credentials_end_at_s = client->wiring->certificate.ends_at_s;
    } else if (credentials->token != NULL) {
        probe->credentials_end_at_s = credentials->token_ends_at_s;
    }
}

enum c2d_status c2d_probe(struct c2d_client *client, struct c2d_probe *probe,
                          struct c2d_error *error)
{
    struct endpoint_target nothing = { .lock_token = "00000000-0000-0000-0000-000000000000" };
    bool is_device = client->credentials.role == C2D_ROLE_DEVICE;
    struct c2d_error spare;
    struct operation operation;
    enum c2d_status status;

    error = usable(error, &spare);
    describe(client, probe);
    status = operation_prepare(&operation, client,
                               is_device ? ENDPOINT_PROBE_DEVICE : ENDPOINT_PROBE_SERVICE, nothing,
                               error);
    operation.call.probe = probe;
    return operation_end(&operation, perform(&operation, status, error));
}
