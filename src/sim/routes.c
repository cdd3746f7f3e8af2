/* Handles a request in this order: route, fault, api-version, permission, operation, log. */
#include "routes.h"
#include "auth.h"
#include "call.h"
#include "control.h"
#include "errors.h"
#include "faults.h"
#include "json.h"
#include "operations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char queue_path[] = "/devices/{id}/messages/deviceBound";
static const char lock_path[] = "/devices/{id}/messages/deviceBound/{token}";

/* The first route that matches is taken. {id} and {token} match any segment, the rest of a path is
 * compared without case. query is a member that the query must have. */
static const struct route {
    const char *method;
    const char *path;
    const char *query;
    const char *name; /* in the log and in faults */
    enum permission permission;
    enum outcome outcome;
    void (*perform)(struct call *call);
} routes[] = {
    { "POST", queue_path, NULL, "send", SERVICE_CONNECT, 0, operation_send },
    { "POST", "/messages/deviceBound", NULL, "send", SERVICE_CONNECT, 0, operation_send },
    { "GET", queue_path, NULL, "receive", DEVICE_CONNECT, 0, operation_receive },
    { "DELETE", lock_path, "reject", "reject", DEVICE_CONNECT, OUTCOME_REJECTED, operation_settle },
    { "DELETE", lock_path, NULL, "complete", DEVICE_CONNECT, OUTCOME_SUCCESS, operation_settle },
    { "POST", "/devices/{id}/messages/deviceBound/{token}/abandon", NULL, "abandon", DEVICE_CONNECT,
      OUTCOME_ABANDONED, operation_settle },
    { "GET", "/messages/serviceBound/feedback", NULL, "feedback", SERVICE_CONNECT, 0,
      operation_feedback },
    { "DELETE", "/messages/serviceBound/feedback/{token}", NULL, "feedbackComplete",
      SERVICE_CONNECT, OUTCOME_SUCCESS, operation_settle },
    { "POST", "/messages/serviceBound/feedback/{token}/abandon", NULL, "feedbackAbandon",
      SERVICE_CONNECT, OUTCOME_ABANDONED, operation_settle },
    { "DELETE", "/devices/{id}/commands", NULL, "purge", SERVICE_CONNECT, 0, operation_purge },
    { "GET", "/devices/{id}", NULL, "status", REGISTRY_READ, 0, operation_status },
};

enum { ROUTE_COUNT = sizeof routes / sizeof routes[0] };

/* Returns the decoded path of target, the caller's to free(); NULL if an escape is invalid. Seen
 * live: a hub treats %2F as a slash, so the path is split after decoding. */
static char *decode_path(const char *target)
{
    char *path = text_format("%.*s", (int)strcspn(target, "?#"), target);

    if (text_percent_decode(path))
        return path;
    free(path);
    return NULL;
}

/* Returns true if path matches pattern. Sets device_id and token. */
static bool matches(const char *pattern, const char *path, struct call *call)
{
    call->device_id[0] = call->token[0] = '\0';
    while (*pattern == '/' && *path == '/') {
        size_t wanted = strcspn(++pattern, "/");
        size_t given = strcspn(++path, "/");
        char *variable = pattern[0] != '{'   ? NULL
                         : pattern[1] == 'i' ? call->device_id
                                             : call->token;

        if (variable == NULL ? given != wanted || !bytes_equal_nocase(pattern, path, given)
                             : given == 0 || given >= sizeof call->device_id)
            return false;
        if (variable != NULL)
            (void)snprintf(variable, sizeof call->device_id, "%.*s", (int)given, path);
        pattern += wanted;
        path += given;
    }
    return *pattern == '\0' && *path == '\0';
}

/* Returns NULL if no route matches; problem is then the status of the response. */
static const struct route *find_route(struct call *call, int *problem)
{
    const char *target = call->request.target;
    const char *to = http_request_header(&call->request, "iothub-to");
    char *path = decode_path(target);
    const struct route *found = NULL;

    *problem = path != NULL ? 404 : 400;
    for (size_t i = 0; path != NULL && found == NULL && i < ROUTE_COUNT; i++) {
        const struct route *route = &routes[i];

        if (!matches(route->path, path, call))
            continue;
        *problem = 405;
        if (strcmp(route->method, call->request.method) == 0
            && (route->query == NULL || query_has(target, route->query)))
            found = route;
    }
    free(path);
    /* The older form of send names its device in a header. */
    if (found != NULL && found->perform == operation_send && call->device_id[0] == '\0') {
        path = to != NULL ? decode_path(to) : NULL;
        if (path == NULL || !matches(queue_path, path, call)) {
            *problem = 400;
            found = NULL;
        }
        free(path);
    }
    return found;
}

static void perform(struct call *call, const struct route *route)
{
    const char *end = NULL;

    if (query_value(call->request.target, "api-version", call->api_version,
                    sizeof call->api_version))
        end = text_skip_shape(call->api_version, "dddd-dd-dd");
    if (end == NULL || (*end != '\0' && strcmp(end, "-preview") != 0)) {
        call_fail(call, 400001);
        return;
    }
    switch (auth_check(call)) {
    case AUTH_GOOD:
        route->perform(call);
        break;
    case AUTH_NO_TOKEN:
        call_fail(call, 401003);
        break;
    case AUTH_REFUSED:
        call_fail(call, 401002);
        break;
    case AUTH_NO_DEVICE:
        call_fail(call, 404001);
        break;
    }
}

/* Masks the signatures in a token: until its expiry they are as good as the key. */
static void mask_token(char *text)
{
    while ((text = text_find_nocase(text, "sig=")) != NULL) {
        size_t size = strcspn(text += 4, "&");
        size_t shown = size < 3 ? size : 3;

        memset(text, '*', shown);
        memmove(text + shown, text + size, strlen(text + size) + 1);
    }
}

/* Adds the request to the log, in which a test can see what a client sent. */
static void log_request(struct call *call, const char *name, bool is_fault)
{
    const struct http_request *request = &call->request;
    bool is_sent = !call->response.send_options.drop && call->response.raw == NULL;
    cJSON *entry = cJSON_CreateObject();
    cJSON *headers;

    json_put(entry, "operation", name);
    json_put(entry, "deviceId", call->device_id);
    json_put(entry, "method", request->method);
    json_put(entry, "target", request->target);
    /* 0: no HTTP response was sent. */
    cJSON_AddNumberToObject(entry, "httpStatus", is_sent ? call->response.status : 0);
    cJSON_AddBoolToObject(entry, "effect", call->effect);
    headers = cJSON_AddArrayToObject(entry, "headers");
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];

        if (text_equals_nocase(header->name, "Authorization"))
            mask_token(header->value);
        cJSON_AddItemToArray(
            headers, cJSON_CreateStringArray((const char *[]) { header->name, header->value }, 2));
    }
    json_put_number(entry, "bodySize", request->body_size);
    json_put_number(entry, "connection", call->connection);
    cJSON_AddBoolToObject(entry, "fault", is_fault);
    cJSON_AddItemToArray(call->hub->log, entry);
    if (++call->hub->log_size > CALL_LOG_MAX)
        cJSON_DeleteItemFromArray(call->hub->log, 0);
}

void route_call(struct hub *hub, struct call *call)
{
    int problem = call->request.problem;
    const struct route *route = NULL;
    const cJSON *fault = NULL;
    const char *name = "none";
    bool is_control = problem == 0 && strncmp(call->request.target, "/_sim/", 6) == 0;

    call->hub = hub;
    call->now_ms = hub_now_ms(hub);
    call->shape = NULL;
    call->effect = false;
    call->permission = 0;
    call->device_id[0] = '\0';
    call->response.send_options.close = call->request.close;
    /* Control requests are neither counted nor logged, and no fault applies to them. */
    if (!is_control) {
        hub->requests++;
        if (problem == 0)
            route = find_route(call, &problem);
        if (route != NULL) {
            name = route->name;
            call->permission = route->permission;
            call->outcome = route->outcome;
        }
        if (call->request.problem == 0)
            fault = fault_match(hub, name, call->device_id);
        call->device = hub_find_device(hub, call->device_id);
        call->shape = json_text(fault, "shape");
    }
    if (is_control)
        control_handle(hub, call);
    else if (fault != NULL && fault_respond(fault, call))
        call->effect = false;
    else if (route != NULL)
        perform(call, route);
    else
        call->response.status = problem; /* no code: a real hub's response is not known */
    if (fault != NULL) {
        fault_apply(fault, call);
    } else {
        char date[TIME_SIZE];

        http_response_header(&call->response, "Date", time_http(call->now_ms, date));
        http_response_frame(&call->response);
    }
    if (!is_control)
        log_request(call, name, fault != NULL);
}
