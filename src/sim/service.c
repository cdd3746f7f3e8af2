/* service: what a back end asks for: to send, to hear of outcomes, to purge, to look a device
 * up. */
#include "call.h"
#include "json.h"
#include "text.h"

#include <string.h>
#include <strings.h>

enum { HOUR_MS = 60 * 60 * 1000, TTL_MAX_MS = 48 * HOUR_MS };

static const char property_prefix[] = "iothub-app-";
static const char property_extra[] = "!#$%&'*+-.^_`|~";
static const char message_id_extra[] = "-:.+%_#*?!(),=@;$'";

/* What keeps a message from being queued. */
enum refusal { REFUSAL_NONE, REFUSAL_ERROR, REFUSAL_MEMORY };

static enum refusal refuse(enum hub_error *error, enum hub_error reason)
{
    *error = reason;
    return REFUSAL_ERROR;
}

/* The header that carries a field. Both spellings of the content headers count; ours wins. */
static const char *field_header(const struct http_request *request, enum message_field field)
{
    static const char *const names[FIELD_COUNT] = {
        "iothub-messageid",   "iothub-correlationid",   "iothub-userid",
        "iothub-contenttype", "iothub-contentencoding",
    };
    const char *value = http_request_header(request, names[field]);

    if (value == NULL && field == FIELD_CONTENT_TYPE)
        value = http_request_header(request, "Content-Type");
    if (value == NULL && field == FIELD_CONTENT_ENCODING)
        value = http_request_header(request, "Content-Encoding");
    return value;
}

static enum refusal read_fields(const struct http_request *request, struct message *message,
                                enum hub_error *error)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        const char *value = field_header(request, (enum message_field)i);

        if (value == NULL)
            continue;
        if (i == FIELD_MESSAGE_ID && *value != '\0'
            && (strlen(value) > 128 || !text_consists_of(value, message_id_extra)))
            return refuse(error, ERROR_FORMAT);
        if (!message_set_field(message, (enum message_field)i, value))
            return REFUSAL_MEMORY;
    }
    return REFUSAL_NONE;
}

static enum refusal read_properties(const struct http_request *request, struct message *message,
                                    enum hub_error *error)
{
    const size_t prefix_size = sizeof property_prefix - 1;

    for (size_t i = 0; i < request->header_count; i++) {
        const char *name = request->headers[i].name;
        const char *value = request->headers[i].value;

        if (strncasecmp(name, property_prefix, prefix_size) != 0)
            continue;
        if (!text_consists_of(name + prefix_size, property_extra)
            || (*value != '\0' && !text_consists_of(value, property_extra)))
            return refuse(error, ERROR_FORMAT);
        if (!message_add_property(message, name + prefix_size, value))
            return REFUSAL_MEMORY;
    }
    return REFUSAL_NONE;
}

static enum refusal read_ack_and_expiry(const struct http_request *request, int64_t now_ms,
                                        struct message *message, enum hub_error *error)
{
    const char *ack = http_request_header(request, "iothub-ack");
    const char *expiry = http_request_header(request, "iothub-expiry");

    message->expires_ms = now_ms + HOUR_MS;
    if (ack != NULL && *ack != '\0' && !message_ack_parse(ack, &message->ack))
        return refuse(error, ERROR_ARGUMENT);
    if (expiry == NULL || *expiry == '\0')
        return REFUSAL_NONE;
    if (!time_parse_iso(expiry, &message->expires_ms))
        return refuse(error, ERROR_ARGUMENT);
    if (message->expires_ms <= now_ms || message->expires_ms > now_ms + TTL_MAX_MS)
        return refuse(error, ERROR_EXPIRY);
    return REFUSAL_NONE;
}

static enum refusal read_message(const struct call *call, struct message *message,
                                 enum hub_error *error)
{
    const struct http_request *request = call->request;
    enum refusal refusal = read_fields(request, message, error);

    if (refusal == REFUSAL_NONE)
        refusal = read_properties(request, message, error);
    if (refusal == REFUSAL_NONE)
        refusal = read_ack_and_expiry(request, call->now_ms, message, error);
    if (refusal != REFUSAL_NONE)
        return refusal;
    if (!message_set_body(message, request->body, request->body_size))
        return REFUSAL_MEMORY;
    return message_size(message) > MESSAGE_MAX ? refuse(error, ERROR_TOO_LARGE) : REFUSAL_NONE;
}

void service_send(struct call *call)
{
    struct message *message = message_new();
    enum hub_error error = ERROR_SERVER;
    struct queue *queue = &call->device->queue;

    queue_sweep(queue, call->now_ms);
    if (message == NULL || read_message(call, message, &error) != REFUSAL_NONE) {
        call_fail(call, error);
        message_free(message);
    } else if (queue->depth >= QUEUE_MAX) {
        call_fail(call, ERROR_QUEUE_DEPTH);
        message_free(message);
    } else {
        queue_append(queue, message, call->now_ms);
        call_succeed(call, 204);
    }
}

void service_feedback(struct call *call)
{
    struct http_response *response = call->response;
    char token[GUID_SIZE];

    hub_sweep(call->hub, call->now_ms);
    if (!feedback_lock(&call->hub->feedback, call->now_ms, &response->body, token)) {
        call_succeed(call, 204);
        return;
    }
    call_succeed(call, 200);
    buf_format(&response->headers, "ETag: \"%s\"\r\n", token);
    http_response_header(response, "Content-Type", "application/json; charset=utf-8");
}

void service_feedback_settle(struct call *call)
{
    struct feedback *feedback = &call->hub->feedback;
    bool is_held;

    feedback_sweep(feedback, call->now_ms);
    is_held = call->route.operation == OPERATION_FEEDBACK_COMPLETE
                  ? feedback_complete(feedback, call->route.token)
                  : feedback_abandon(feedback, call->route.token);
    if (is_held)
        call_succeed(call, 204);
    else
        call_fail(call, ERROR_LOCK_LOST);
}

void service_purge(struct call *call)
{
    struct buf *body = &call->response->body;

    buf_format(body, "{\"totalMessagesPurged\":%u",
               queue_purge(&call->device->queue, call->now_ms));
    json_member(body, "deviceId", call->device->id);
    buf_text(body, ",\"moduleId\":null}");
    http_response_header(call->response, "Content-Type", "application/json; charset=utf-8");
    call_succeed(call, 200);
}

static void format_authentication(const struct device *device, struct buf *out)
{
    bool is_x509 = device->thumbprint[0] != '\0';

    buf_text(out, "{\"symmetricKey\":{\"primaryKey\":");
    if (is_x509)
        buf_text(out, "null,\"secondaryKey\":null");
    else
        json_base64(out, device->key.bytes, device->key.size);
    buf_text(out, "},\"x509Thumbprint\":{\"primaryThumbprint\":");
    if (is_x509)
        json_string(out, device->thumbprint);
    else
        buf_text(out, "null");
    buf_format(out, ",\"secondaryThumbprint\":null},\"type\":\"%s\"}",
               is_x509 ? "selfSigned" : "sas");
}

void service_status(struct call *call)
{
    const struct device *device = call->device;
    struct buf *body = &call->response->body;

    queue_sweep(&call->device->queue, call->now_ms);
    buf_text(body, "{\"deviceId\":");
    json_string(body, device->id);
    json_member(body, "generationId", device->generation_id);
    json_member(body, "status", device->is_disabled ? "disabled" : "enabled");
    buf_text(body, ",\"connectionState\":\"Disconnected\""
                   ",\"lastActivityTime\":\"0001-01-01T00:00:00Z\"");
    buf_format(body, ",\"cloudToDeviceMessageCount\":%u,\"authentication\":", device->queue.depth);
    format_authentication(device, body);
    buf_text(body, "}");
    http_response_header(call->response, "Content-Type", "application/json; charset=utf-8");
    call_succeed(call, 200);
}
