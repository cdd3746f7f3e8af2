/* answer: the hub's errors, from the table of codes to the two shapes of body. */
#include "answer.h"

#include "crypto.h"
#include "json.h"
#include "text.h"

#include <string.h>

static const struct answer errors[] = {
    [ERROR_PROTOCOL_VERSION] = { 400, 400001, "InvalidProtocolVersion",
                                 "The api-version is missing or invalid" },
    [ERROR_ARGUMENT] = { 400, 400004, "ArgumentInvalid", "An argument is invalid" },
    [ERROR_FORMAT] = { 400, 400006, "IotHubFormatError", "A name or value has a bad format" },
    [ERROR_UNAUTHORIZED_ACCESS] = { 401, 401002, "IotHubUnauthorizedAccess", "Unauthorized" },
    [ERROR_UNAUTHORIZED] = { 401, 401003, "IotHubUnauthorized", "Unauthorized" },
    [ERROR_QUEUE_DEPTH] = { 403, 403004, "DeviceMaximumQueueDepthExceeded",
                            "Device Queue depth cannot exceed 50 messages" },
    [ERROR_EXPIRY] = { 403, 403009, "InvalidMessageExpiryTime",
                       "The message expiry time is in the past or too far ahead" },
    [ERROR_DEVICE_DISABLED] = { 403, 403012, "DeviceDisabled", "Device is disabled" },
    [ERROR_DEVICE_NOT_FOUND] = { 404, 404001, "DeviceNotFound", "Device is not registered" },
    [ERROR_LOCK_LOST] = { 412, 412002, "DeviceMessageLockLost",
                          "Message lock was lost for the device" },
    [ERROR_TOO_LARGE] = { 413, 413001, "MessageTooLarge", "Message size exceeds 64 KiB" },
    [ERROR_THROTTLING] = { 429, 429001, "ThrottlingException",
                           "The request is being throttled. Please wait and retry" },
    [ERROR_SERVER] = { 500, 500001, "ServerError", "Server error" },
};

static const char *const shape_names[SHAPE_COUNT] = { "default", "text", "nested", "empty",
                                                      "html" };

static const char html_page[] = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>"
                                "<form action=\"/login\"><input name=\"user\"></form></body>"
                                "</html>\n";

/* {"Message":"ErrorCode:Name;text","ExceptionMessage":"Tracking ID:…"} */
static void format_text(const struct answer *answer, const char *tracking_id, int64_t now_ms,
                        struct buf *out)
{
    char time[TIME_TEXT_SIZE];
    struct buf message = { 0 };

    time_format_us(now_ms, time);
    buf_format(&message, "ErrorCode:%s;%s", answer->name != NULL ? answer->name : "", answer->text);
    buf_text(out, "{\"Message\":");
    json_string(out, message.data);
    buf_format(out, ",\"ExceptionMessage\":\"Tracking ID:%s-G:16-TimeStamp:%s\"}", tracking_id,
               time);
    out->failed |= message.failed;
    buf_clear(&message);
}

/* {"Message":"{\"errorCode\":404001,…}","ExceptionMessage":""} */
static void format_nested(const struct answer *answer, const char *tracking_id, int64_t now_ms,
                          struct buf *out)
{
    char time[TIME_TEXT_SIZE];
    struct buf message = { 0 };

    time_format_iso(now_ms, time);
    buf_format(&message, "{\"errorCode\":%d", answer->number);
    json_member(&message, "trackingId", tracking_id);
    json_member(&message, "message", answer->text);
    json_member(&message, "timestampUtc", time);
    buf_text(&message, "}");
    buf_text(out, "{\"Message\":");
    json_string(out, message.data);
    buf_text(out, ",\"ExceptionMessage\":\"\"}");
    out->failed |= message.failed;
    buf_clear(&message);
}

void answer_html(struct http_response *response, int status)
{
    http_response_clear(response);
    response->status = status;
    http_response_header(response, "Content-Type", "text/html; charset=utf-8");
    buf_text(&response->body, html_page);
}

void answer_custom(struct http_response *response, const struct answer *answer, enum shape shape,
                   int64_t now_ms)
{
    char guid[GUID_SIZE] = "";

    if (shape == SHAPE_HTML) {
        answer_html(response, answer->status);
        return;
    }
    http_response_clear(response);
    response->status = answer->status;
    (void)crypto_guid(guid); /* an id to search logs by: an empty one is no reason to fail */
    if (answer->name != NULL)
        http_response_header(response, "iothub-errorcode", answer->name);
    http_response_header(response, "x-ms-request-id", guid);
    if (shape == SHAPE_EMPTY)
        return;
    http_response_header(response, "Content-Type", "application/json; charset=utf-8");
    if (shape == SHAPE_TEXT || (shape == SHAPE_DEFAULT && answer->status == 401))
        format_text(answer, guid, now_ms, &response->body);
    else
        format_nested(answer, guid, now_ms, &response->body);
}

void answer_error(struct http_response *response, enum hub_error error, enum shape shape,
                  int64_t now_ms)
{
    answer_custom(response, &errors[error], shape, now_ms);
}

bool answer_shape_parse(const char *name, enum shape *shape)
{
    for (int i = SHAPE_TEXT; i < SHAPE_COUNT; i++) {
        if (strcmp(name, shape_names[i]) == 0) {
            *shape = (enum shape)i;
            return true;
        }
    }
    return false;
}
