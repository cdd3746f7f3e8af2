#include "operations.h"
#include "call.h"
#include "errors.h"
#include "json.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TTL_MAX_MS = 48 * HOUR_MS, MESSAGE_MAX = 64 << 10 };

/* Assumed: 2021-04-12 is the last api-version whose receive has the names without a hyphen. */
const struct system_property system_properties[] = {
    { "iothub-messageid", "messageId", NULL, NULL },
    { "iothub-correlationid", "correlationId", NULL, NULL },
    { "iothub-userid", "userId", NULL, NULL },
    { "iothub-contenttype", "contentType", "Content-Type", "ContentType" },
    { "iothub-contentencoding", "contentEncoding", "Content-Encoding", "ContentEncoding" },
    { NULL, NULL, NULL, NULL },
};

static void succeed(struct call *call, int status)
{
    call->response.status = status;
    call->effect = true;
}

/* Counts one operation. False if it exceeds the limit; the response is then the error. */
static bool throttle_pass(struct call *call, struct throttle *throttle)
{
    int64_t age_ms = call->now_ms - throttle->window_start_ms;

    if (age_ms < 0 || age_ms >= HOUR_MS / 60) {
        throttle->window_start_ms = call->now_ms;
        throttle->used = 0;
    }
    if (throttle->per_minute == 0 || throttle->used++ < throttle->per_minute)
        return true;
    call_fail(call, 429001);
    return false;
}

/* Reads the json of struct message from the headers, without ack. Sets size to what counts towards
 * MESSAGE_MAX. NULL: a header is invalid. */
static cJSON *read_properties(const struct http_request *request, size_t *size)
{
    static const char prefix[] = "iothub-app-";
    cJSON *json = cJSON_CreateObject();
    cJSON *properties = cJSON_AddObjectToObject(json, "properties");
    const char *id = http_request_header(request, "iothub-messageid");
    bool is_good = id == NULL || *id == '\0'
                   || (strlen(id) <= 128 && text_consists_of(id, "-:.+%_#*?!(),=@;$'"));

    *size = request->body_size;
    for (size_t i = 0; system_properties[i].json != NULL; i++) {
        const struct system_property *property = &system_properties[i];
        const char *value = http_request_header(request, property->header);

        if (value == NULL && property->also != NULL)
            value = http_request_header(request, property->also);
        if (value == NULL)
            continue;
        json_put(json, property->json, value);
        *size += strlen(value);
    }
    for (size_t i = 0; is_good && i < request->header_count; i++) {
        const char *name = request->headers[i].name;
        const char *value = request->headers[i].value;

        if (!text_begins_nocase(name, prefix))
            continue;
        name += sizeof prefix - 1;
        json_put(properties, name, value);
        *size += strlen(name) + strlen(value);
        /* Assumed: values may have any printable ASCII. The documentation allows the characters of
         * tokens only. */
        is_good = *name != '\0';
        for (; *value != '\0'; value++)
            is_good = is_good && *value >= 0x20 && *value < 0x7f;
    }
    if (is_good)
        return json;
    cJSON_Delete(json);
    return NULL;
}

void operation_send(struct call *call)
{
    const char *ack = http_request_header(&call->request, "iothub-ack");
    const char *expiry = http_request_header(&call->request, "iothub-expiry");
    struct queue *queue = &call->device->queue;
    int64_t expires_ms = call->now_ms + HOUR_MS;
    struct message *message;
    size_t size = 0;
    cJSON *json;

    if (!throttle_pass(call, &call->hub->sends))
        return;
    ack = ack != NULL && *ack != '\0' ? ack : "none";
    json = read_properties(&call->request, &size);
    queue_sweep(queue, call->now_ms);
    if (json == NULL) {
        call_fail(call, 400006);
    } else if (!text_is_word(ack, "none positive negative full")
               || (expiry != NULL && *expiry != '\0' && !time_parse_iso(expiry, &expires_ms))) {
        call_fail(call, 400004);
    } else if (expires_ms <= call->now_ms || expires_ms > call->now_ms + TTL_MAX_MS) {
        call_fail(call, 403009);
    } else if (size > MESSAGE_MAX) {
        call_fail(call, 413001);
    } else if (queue->depth >= QUEUE_MAX) {
        call_fail(call, 403004);
    } else {
        json_put(json, "ack", ack);
        message = message_new(json, call->request.body, call->request.body_size);
        message->expires_ms = expires_ms;
        queue_append(queue, message, call->now_ms);
        succeed(call, 204);
        return;
    }
    cJSON_Delete(json);
}

static void add_system_headers(struct call *call, const struct message *message)
{
    bool is_old = strncmp(call->api_version, "2021-04-12", 10) <= 0;
    char expiry[TIME_SIZE];
    char enqueued[TIME_SIZE];

    evbuffer_add_printf(call->response.headers, "ETag: \"%s\"\r\n", message->lock_token);
    for (size_t i = 0; system_properties[i].json != NULL; i++) {
        const struct system_property *property = &system_properties[i];
        const char *value = json_text(message->json, property->json);

        if (property->also == NULL)
            http_response_header(&call->response, property->header, value != NULL ? value : "");
        else if (value != NULL)
            http_response_header(&call->response, is_old ? property->old : property->also, value);
    }
    evbuffer_add_printf(call->response.headers,
                        "iothub-to: /devices/%s/messages/deviceBound\r\n"
                        "iothub-ack: %s\r\n"
                        "iothub-expiry: %s\r\n"
                        "iothub-enqueuedtime: %s\r\n"
                        "iothub-deliverycount: %u\r\n"
                        "iothub-sequencenumber: %" PRIu64 "\r\n",
                        call->device->id, json_text(message->json, "ack"),
                        time_iso(message->expires_ms, expiry),
                        time_iso(message->enqueued_ms, enqueued), message->delivery_count,
                        message->sequence_number);
}

void operation_receive(struct call *call)
{
    const struct message *message;
    const cJSON *property;

    if (!throttle_pass(call, &call->hub->receives))
        return;
    message = queue_lock(&call->device->queue, call->now_ms);
    succeed(call, message != NULL ? 200 : 204);
    if (message == NULL)
        return;
    add_system_headers(call, message);
    cJSON_ArrayForEach(property, json_get(message->json, "properties"))
    {
        evbuffer_add_printf(call->response.headers, "iothub-app-%s: %s\r\n", property->string,
                            property->valuestring);
    }
    (void)json_header_lines(json_get(message->json, "rawHeaders"),
                            call->response.headers); /* most messages have none */
    evbuffer_add(call->response.body, message->body, message->body_size);
}

void operation_settle(struct call *call)
{
    bool is_device = call->permission == DEVICE_CONNECT;

    feedback_sweep(&call->hub->feedback, call->now_ms);
    if (queue_settle(is_device ? &call->device->queue : &call->hub->feedback.queue, call->token,
                     call->outcome, call->now_ms))
        succeed(call, 204);
    else
        call_fail(call, 412002);
}

void operation_feedback(struct call *call)
{
    const struct message *batch;

    hub_sweep(call->hub, call->now_ms);
    batch = queue_lock(&call->hub->feedback.queue, call->now_ms);
    succeed(call, batch != NULL ? 200 : 204);
    if (batch == NULL)
        return;
    evbuffer_add_printf(call->response.headers, "ETag: \"%s\"\r\n", batch->lock_token);
    call_add_json(call, cJSON_Duplicate(batch->json, true));
}

void operation_purge(struct call *call)
{
    cJSON *body = cJSON_CreateObject();

    json_put_number(body, "totalMessagesPurged", queue_purge(&call->device->queue, call->now_ms));
    json_put(body, "deviceId", call->device->id);
    json_put(body, "moduleId", NULL);
    call_add_json(call, body);
    succeed(call, 200);
}

void operation_status(struct call *call)
{
    const struct device *device = call->device;
    const char *thumbprint = device->thumbprint[0] != '\0' ? device->thumbprint : NULL;
    bool has_key = device_has_key(device);
    char key[BASE64_SIZE(KEY_MAX)];
    cJSON *body = cJSON_CreateObject();
    cJSON *authentication;
    cJSON *part;

    queue_sweep(&call->device->queue, call->now_ms);
    /* With the keys, as a real hub: tests check that clients do not log them. */
    base64_encode(device->key.bytes, device->key.size, key);
    json_put(body, "deviceId", device->id);
    json_put(body, "generationId", device->generation_id);
    json_put(body, "status", device->is_disabled ? "disabled" : "enabled");
    json_put(body, "connectionState", "Disconnected");
    json_put(body, "lastActivityTime", "0001-01-01T00:00:00Z");
    json_put_number(body, "cloudToDeviceMessageCount", device->queue.depth);
    authentication = cJSON_AddObjectToObject(body, "authentication");
    part = cJSON_AddObjectToObject(authentication, "symmetricKey");
    json_put(part, "primaryKey", has_key ? key : NULL);
    if (!has_key)
        json_put(part, "secondaryKey", NULL);
    part = cJSON_AddObjectToObject(authentication, "x509Thumbprint");
    json_put(part, "primaryThumbprint", thumbprint);
    json_put(part, "secondaryThumbprint", NULL);
    json_put(authentication, "type",
             has_key                ? "sas"
             : device->is_ca_signed ? "certificateAuthority"
                                    : "selfSigned");
    call_add_json(call, body);
    succeed(call, 200);
}
