/* call: the way of every request: route, fault, api-version, rights, throttle, operation, log. */
#include "call.h"

#include "auth.h"
#include "control.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

static const struct {
    enum permission permission;
    void (*perform)(struct call *call);
} operations[OPERATION_COUNT] = {
    [OPERATION_SEND] = { PERMISSION_SERVICE_CONNECT, service_send },
    [OPERATION_RECEIVE] = { PERMISSION_DEVICE_CONNECT, device_receive },
    [OPERATION_COMPLETE] = { PERMISSION_DEVICE_CONNECT, device_settle },
    [OPERATION_REJECT] = { PERMISSION_DEVICE_CONNECT, device_settle },
    [OPERATION_ABANDON] = { PERMISSION_DEVICE_CONNECT, device_settle },
    [OPERATION_FEEDBACK] = { PERMISSION_SERVICE_CONNECT, service_feedback },
    [OPERATION_FEEDBACK_COMPLETE] = { PERMISSION_SERVICE_CONNECT, service_feedback_settle },
    [OPERATION_FEEDBACK_ABANDON] = { PERMISSION_SERVICE_CONNECT, service_feedback_settle },
    [OPERATION_PURGE] = { PERMISSION_SERVICE_CONNECT, service_purge },
    [OPERATION_STATUS] = { PERMISSION_REGISTRY_READ, service_status },
};

void call_fail(struct call *call, enum hub_error error)
{
    answer_error(call->response, error, call->shape, call->now_ms);
}

void call_succeed(struct call *call, int status)
{
    call->response->status = status;
    call->effect = true;
}

/* YYYY-MM-DD or YYYY-MM-DD-preview */
static bool is_api_version(const char *text)
{
    static const char shape[] = "dddd-dd-dd";
    size_t i = 0;

    for (; shape[i] != '\0'; i++)
        if (shape[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i])
            return false;
    return text[i] == '\0' || strcmp(text + i, "-preview") == 0;
}

/* False if the answer is the refusal. */
static bool authorise(struct call *call)
{
    const struct auth_claim claim = {
        .request = call->request,
        .peer = call->peer,
        .permission = operations[call->route.operation].permission,
        .device_id = call->route.device_id,
        .device = call->device,
    };
    enum auth_result result = auth_check(call->hub, &claim, call->now_ms);

    if (result != AUTH_OK)
        call_fail(call, result == AUTH_UNREADABLE ? ERROR_UNAUTHORIZED : ERROR_UNAUTHORIZED_ACCESS);
    else if (call->device == NULL && call->route.device_id[0] != '\0')
        call_fail(call, ERROR_DEVICE_NOT_FOUND);
    else if (claim.permission == PERMISSION_DEVICE_CONNECT && call->device != NULL
             && call->device->is_disabled)
        call_fail(call, ERROR_DEVICE_DISABLED);
    else
        return true;
    return false;
}

static bool pass_throttle(struct call *call)
{
    if (call->route.operation == OPERATION_SEND)
        return throttle_pass(&call->hub->sends, call->now_ms);
    if (call->route.operation == OPERATION_RECEIVE)
        return throttle_pass(&call->hub->receives, call->now_ms);
    return true;
}

static void perform(struct call *call)
{
    if (!is_api_version(call->route.api_version))
        call_fail(call, ERROR_PROTOCOL_VERSION);
    else if (!authorise(call))
        return;
    else if (!pass_throttle(call))
        call_fail(call, ERROR_THROTTLING);
    else
        operations[call->route.operation].perform(call);
}

/* What a web server says to a request that no hub ever sees: no code, no body. */
static void refuse(struct call *call, int status)
{
    call->response->status = status;
}

static void note(struct call *call, bool is_fault)
{
    const struct http_response *response = call->response;
    bool is_sent = !response->manner.drop && response->raw == NULL;
    struct log_entry entry = {
        .operation = call->route.operation,
        .http_status = is_sent ? response->status : 0,
        .effect = call->effect,
        .fault = is_fault,
        .connection = call->peer->connection,
    };

    (void)snprintf(entry.device_id, sizeof entry.device_id, "%s", call->route.device_id);
    log_add(&call->hub->log, &entry, call->request);
}

static void add_date(struct call *call)
{
    char date[TIME_TEXT_SIZE];

    time_format_http(call->now_ms, date);
    http_response_header(call->response, "Date", date);
}

static void serve(struct call *call)
{
    const struct fault *fault = NULL;

    call->hub->requests++;
    if (call->request->problem == 0) {
        route_parse(&call->route, call->request);
        call->device = hub_find_device(call->hub, call->route.device_id);
        fault = fault_list_match(&call->hub->faults, call->route.operation, call->route.device_id);
    }
    if (fault != NULL)
        call->shape = fault->shape;
    if (call->request->problem != 0)
        refuse(call, call->request->problem);
    else if (fault != NULL && fault_replaces_effect(fault))
        fault_answer(fault, call->response, call->now_ms);
    else if (call->route.operation == OPERATION_NONE)
        refuse(call, call->route.problem);
    else
        perform(call);
    if (fault != NULL)
        fault_apply(fault, call->response, call->now_ms);
    else
        add_date(call);
    note(call, fault != NULL);
}

void call_handle(void *context, const struct http_peer *peer, struct http_request *request,
                 struct http_response *response)
{
    struct hub *hub = context;
    struct call call = {
        .hub = hub,
        .peer = peer,
        .request = request,
        .response = response,
        .route = { .operation = OPERATION_NONE },
        .now_ms = hub_now_ms(hub),
    };

    response->manner.close = request->close;
    if (request->problem == 0 && control_is_target(request->target)) {
        control_handle(hub, peer, request, response);
        add_date(&call);
    } else {
        serve(&call);
    }
    response->manner.close |= request->close;
}
