/* errors: how the hub says that it refuses a request. */
#include "errors.h"
#include "calls.h"
#include "json.h"
#include "util.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

/* {"Message":"ErrorCode:Name;text","ExceptionMessage":"Tracking ID:…"}, or with the message
 * {\"errorCode\":404001,…} and no exception: the two live shapes. The registry was always seen
 * with the first, and there are clients that find its code nowhere else. */
void call_fail_as(struct call *call, int status, int number, const char *name, const char *text)
{
    static const char html[] = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>"
                               "<form action=\"/login\"><input name=\"user\"></form></body>"
                               "</html>\n";
    const char *usual = status == 401 || call->permission == REGISTRY_READ ? "text" : "nested";
    const char *shape = call->shape != NULL ? call->shape : usual;
    bool is_text = strcmp(shape, "text") == 0;
    char id[GUID_SIZE];
    char now[TIME_SIZE];
    char *message;
    char *exception;
    cJSON *body;

    call->response.status = status;
    if (strcmp(shape, "html") == 0) {
        http_response_header(&call->response, "Content-Type", "text/html; charset=utf-8");
        evbuffer_add(call->response.body, html, sizeof html - 1);
        return;
    }
    if (name != NULL)
        http_response_header(&call->response, "iothub-errorcode", name);
    http_response_header(&call->response, "x-ms-request-id", random_guid(id));
    if (strcmp(shape, "empty") == 0)
        return;
    body = cJSON_CreateObject();
    (void)time_iso(call->now_ms, now); /* 2026-01-31T12:…, in text 01/31/2026 12:… */
    if (is_text) {
        message = text_format("ErrorCode:%s;%s", name != NULL ? name : "", text);
        exception = text_format("Tracking ID:%s-G:16-TimeStamp:%.2s/%.2s/%.4s %.8s", id, now + 5,
                                now + 8, now, now + 11);
    } else {
        cJSON_AddNumberToObject(body, "errorCode", number);
        json_put(body, "trackingId", id);
        json_put(body, "message", text);
        json_put(body, "timestampUtc", now);
        message = cJSON_PrintUnformatted(body);
        exception = text_format("%s", "");
        cJSON_Delete(body);
        body = cJSON_CreateObject();
    }
    json_put(body, "Message", message);
    json_put(body, "ExceptionMessage", exception);
    call_add_json(call, body);
    free(message);
    free(exception);
}

void call_fail(struct call *call, int number, const char *name, const char *text)
{
    call_fail_as(call, number / 1000, number, name, text);
}
