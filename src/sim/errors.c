#include "errors.h"
#include "call.h"
#include "json.h"
#include "util.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers and names are documented. Texts are not: clients must not depend on them. */
const struct hub_error hub_errors[] = {
    { 400001, "InvalidProtocolVersion", "The api-version is missing or invalid" },
    { 400004, "ArgumentInvalid", "An argument is invalid" },
    { 400006, "IotHubFormatError", "A name or value has a bad format" },
    { 400024, "RequestTimedOut", "The request timed out" },
    { 401002, "IotHubUnauthorizedAccess", "Unauthorized" },
    { 401003, "IotHubUnauthorized", "Unauthorized" },
    { 403002, "IotHubQuotaExceeded", "The daily message quota of the hub is used up" },
    { 403004, "DeviceMaximumQueueDepthExceeded", "Device Queue depth cannot exceed 50 messages" },
    { 403007, "DeviceMaximumQueueSizeExceeded", "Device Queue size exceeded" },
    { 403009, "InvalidMessageExpiryTime",
      "The message expiry time is in the past or too far ahead" },
    { 403010, "OperationNotAvailableInCurrentTier", "Not available in the tier of this hub" },
    { 403012, "DeviceDisabled", "Device is disabled" },
    { 404001, "DeviceNotFound", "Device is not registered" },
    { 404012, "IotHubFailingOver", "The hub is failing over to another region" },
    { 404013, "FeatureNotSupported", "The feature is not supported" },
    { 412002, "DeviceMessageLockLost", "Message lock was lost for the device" },
    { 413001, "MessageTooLarge", "Message size exceeds 64 KiB" },
    { 429001, "ThrottlingException", "The request is being throttled. Please wait and retry" },
    { 429002, "ThrottleBacklogLimitExceeded", "The throttling backlog is full" },
    { 429003, "ThrottlingBacklogTimeout", "The throttling backlog timed out" },
    { 500001, "ServerError", "An internal error occurred" },
    { 503001, "ServiceUnavailable", "The service is unavailable" },
    { 503005, "ServerBusy", "The server is busy" },
    { 0, NULL, NULL },
};

const struct hub_error *error_find(int number, const char *name)
{
    const struct hub_error *error = hub_errors;

    while (error->name != NULL
           && ((number != 0 && error->number != number)
               || (name != NULL && strcmp(error->name, name) != 0)))
        error++;
    return error->name != NULL ? error : NULL;
}

/* The tracking id of a real hub: 32 hex digits, "-G:16-TimeStamp:", and a time such as
 * "01/31/2026 12:00:00". */
static char *tracking_id(const char *guid, const char *iso_time)
{
    return text_format("%.8s%.4s%.4s%.4s%.12s-G:16-TimeStamp:%.2s/%.2s/%.4s %.8s", guid, guid + 9,
                       guid + 14, guid + 19, guid + 24, iso_time + 5, iso_time + 8, iso_time,
                       iso_time + 11);
}

/* {"Message":"ErrorCode:Name;text","ExceptionMessage":"Tracking ID:…"} */
static cJSON *text_body(const char *name, const char *text, const char *id)
{
    cJSON *body = cJSON_CreateObject();
    char *message = text_format("ErrorCode:%s;%s", name != NULL ? name : "", text);
    char *exception = text_format("Tracking ID:%s", id);

    json_put(body, "Message", message);
    json_put(body, "ExceptionMessage", exception);
    free(message);
    free(exception);
    return body;
}

/* {"Message":"{\"errorCode\":404001,…}","ExceptionMessage":""}. With is_object, Message is the
 * object itself, errorCode is a text, and ExceptionMessage is left out. */
static cJSON *object_body(int number, const char *text, const char *id, const char *time,
                          bool is_object)
{
    cJSON *body = cJSON_CreateObject();
    cJSON *object = cJSON_CreateObject();
    char digits[16];
    char *message;

    (void)snprintf(digits, sizeof digits, "%d", number);
    if (is_object)
        json_put(object, "errorCode", digits);
    else
        cJSON_AddNumberToObject(object, "errorCode", number);
    json_put(object, "trackingId", id);
    json_put(object, "message", text);
    json_put(object, "timestampUtc", time);
    if (is_object) {
        cJSON_AddItemToObject(body, "Message", object);
        return body;
    }
    message = cJSON_PrintUnformatted(object);
    json_put(body, "Message", message);
    json_put(body, "ExceptionMessage", "");
    free(message);
    cJSON_Delete(object);
    return body;
}

static void add_login_page(struct call *call)
{
    static const char html[] = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>"
                               "<form action=\"/login\"><input name=\"user\"></form></body>"
                               "</html>\n";

    http_response_header(&call->response, "Content-Type", "text/html; charset=utf-8");
    evbuffer_add(call->response.body, html, sizeof html - 1);
}

void call_fail_as(struct call *call, int status, int number, const char *name, const char *text)
{
    /* Seen live: these are texts. The other errors are assumed to be nested. */
    bool is_usually_text = status == 401 || number == 404001 || call->permission == REGISTRY_READ;
    const char *shape = call->shape != NULL ? call->shape : is_usually_text ? "text" : "nested";
    char guid[GUID_SIZE];
    char time[TIME_SIZE];
    char *id;

    call->response.status = status;
    if (strcmp(shape, "html") == 0) {
        add_login_page(call);
        return;
    }
    if (name != NULL)
        http_response_header(&call->response, "iothub-errorcode", name);
    http_response_header(&call->response, "x-ms-request-id", random_guid(guid));
    if (strcmp(shape, "empty") == 0)
        return;
    id = tracking_id(guid, time_iso(call->now_ms, time));
    call_add_json(call, strcmp(shape, "text") == 0
                            ? text_body(name, text, id)
                            : object_body(number, text, id, time, strcmp(shape, "object") == 0));
    free(id);
}

void call_fail(struct call *call, int number)
{
    const struct hub_error *error = error_find(number, NULL);
    /* Seen live: the text of this error is the device id alone. */
    bool is_id = number == 404001 && call->device_id[0] != '\0';

    call_fail_as(call, number / 1000, number, error->name, is_id ? call->device_id : error->text);
}
