/* device: what a device asks for: its next message, and the end of a lock. */
#include "call.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void add_number(struct http_response *response, const char *name, uint64_t number)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    http_response_header(response, name, text);
}

static void add_time(struct http_response *response, const char *name, int64_t time_ms)
{
    char text[TIME_TEXT_SIZE];

    time_format_iso(time_ms, text);
    http_response_header(response, name, text);
}

static void add_named(struct http_response *response, const char *prefix, const char *name,
                      const char *value)
{
    buf_text(&response->headers, prefix);
    http_response_header(response, name, value);
}

/* The headers of old api-versions have no hyphen. Assumed: 2021-04-12 is the last of those. */
static void add_content_headers(struct call *call, const struct message *message)
{
    bool is_old = strncmp(call->route.api_version, "2021-04-12", 10) <= 0;
    const char *type = message->fields[FIELD_CONTENT_TYPE];
    const char *encoding = message->fields[FIELD_CONTENT_ENCODING];

    if (type != NULL)
        http_response_header(call->response, is_old ? "ContentType" : "Content-Type", type);
    if (encoding != NULL)
        http_response_header(call->response, is_old ? "ContentEncoding" : "Content-Encoding",
                             encoding);
}

static void add_system_headers(struct call *call, const struct message *message)
{
    struct http_response *response = call->response;

    for (int i = FIELD_MESSAGE_ID; i <= FIELD_USER_ID; i++)
        add_named(response, "iothub-", message_field_header((enum message_field)i),
                  message->fields[i] != NULL ? message->fields[i] : "");
    buf_format(&response->headers, "iothub-to: /devices/%s/messages/deviceBound\r\n",
               call->device->id);
    http_response_header(response, "iothub-ack", message_ack_name(message->ack));
    add_time(response, "iothub-expiry", message->expires_ms);
    add_time(response, "iothub-enqueuedtime", message->enqueued_ms);
    add_number(response, "iothub-deliverycount", message->delivery_count);
    add_number(response, "iothub-sequencenumber", message->sequence_number);
}

void device_receive(struct call *call)
{
    struct http_response *response = call->response;
    const struct message *message = queue_lock(&call->device->queue, call->now_ms);

    if (message == NULL) {
        call_succeed(call, 204);
        return;
    }
    call_succeed(call, 200);
    buf_format(&response->headers, "ETag: \"%s\"\r\n", message->lock_token);
    add_system_headers(call, message);
    add_content_headers(call, message);
    for (size_t i = 0; i < message->property_count; i++)
        add_named(response, "iothub-app-", message->properties[i].name,
                  message->properties[i].value);
    buf_append(&response->headers, message->raw_headers, message->raw_headers_size);
    buf_append(&response->body, message->body, message->body_size);
}

void device_settle(struct call *call)
{
    enum settlement settlement = call->route.operation == OPERATION_COMPLETE ? SETTLE_COMPLETE
                                 : call->route.operation == OPERATION_REJECT ? SETTLE_REJECT
                                                                             : SETTLE_ABANDON;

    if (queue_settle(&call->device->queue, call->route.token, settlement, call->now_ms))
        call_succeed(call, 204);
    else
        call_fail(call, ERROR_LOCK_LOST);
}
