/* control: /_sim, by which a test looks into the hub and turns its screws. */
#include "control.h"

#include "control_json.h"
#include "json.h"
#include "state.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char prefix[] = "/_sim/";

static bool get_state(struct control *control);
static bool list_faults(struct control *control);
static bool reset(struct control *control);
static bool set_clock(struct control *control);
static bool set_throttle(struct control *control);

static const struct command {
    const char *method;
    const char *name;
    bool (*perform)(struct control *control);
} commands[] = {
    { "GET", "state", get_state },        { "GET", "faults", list_faults },
    { "POST", "reset", reset },           { "POST", "enqueue", control_enqueue },
    { "POST", "clock", set_clock },       { "POST", "devices", control_devices },
    { "POST", "throttle", set_throttle }, { "POST", "faults", control_add_fault },
};

static bool get_state(struct control *control)
{
    char device_id[129];
    char log[8];
    bool has_device = route_query(control->target, "device", device_id, sizeof device_id);
    bool with_log = !route_query(control->target, "log", log, sizeof log) || strcmp(log, "0") != 0;

    if (has_device && hub_find_device(control->hub, device_id) == NULL)
        return control_fail(control, "no device '%s'", device_id);
    state_format(control->hub, has_device ? device_id : NULL, with_log, control->reply);
    return true;
}

static bool list_faults(struct control *control)
{
    const struct fault *first = control->hub->faults.first;

    buf_text(control->reply, "{\"faults\":[");
    for (const struct fault *fault = first; fault != NULL; fault = fault->next)
        buf_format(
            control->reply,
            "%s{\"fault\":%" PRId64 ",\"used\":%" PRId64 ",\"left\":%" PRId64 ",\"definition\":%s}",
            fault == first ? "" : ",", fault->id, fault->used, fault->count, fault->definition);
    buf_text(control->reply, "]}");
    return true;
}

static bool reset(struct control *control)
{
    if (!hub_reset(control->hub))
        return control_fail(control, "out of memory");
    buf_text(control->reply, "{}");
    return true;
}

static bool set_clock(struct control *control)
{
    enum { LIMIT_S = 1500000000 }; /* stays on this side of 1970 and of the year 2100 */
    struct hub *hub = control->hub;
    const cJSON *offset = cJSON_GetObjectItemCaseSensitive(control->arguments, "offset");
    const cJSON *advance = cJSON_GetObjectItemCaseSensitive(control->arguments, "advance");
    const cJSON *given = offset != NULL ? offset : advance;
    double seconds = cJSON_IsNumber(given) ? given->valuedouble : NAN;
    int64_t now_ms;

    if ((offset == NULL) == (advance == NULL) || !(seconds >= -LIMIT_S && seconds <= LIMIT_S))
        return control_fail(control, "either offset or advance must be a number of seconds");
    if (advance != NULL)
        seconds += (double)hub->offset_ms / 1000;
    if (seconds < -LIMIT_S || seconds > LIMIT_S)
        return control_fail(control, "the clock would be off by too much");
    hub->offset_ms = (int64_t)(seconds * 1000);
    now_ms = hub_now_ms(hub);
    buf_format(control->reply, "{\"now\":%" PRId64 ".%03d}", now_ms / 1000, (int)(now_ms % 1000));
    return true;
}

static bool set_throttle(struct control *control)
{
    const cJSON *sends = cJSON_GetObjectItemCaseSensitive(control->arguments, "sends");
    const cJSON *receives = cJSON_GetObjectItemCaseSensitive(control->arguments, "receives");
    struct throttle send = control->hub->sends;
    struct throttle receive = control->hub->receives;

    if (sends != NULL) {
        send = (struct throttle) { 0 };
        if (!control_number(control, sends, 0, 1000000000, &send.per_minute))
            return false;
    }
    if (receives != NULL) {
        receive = (struct throttle) { 0 };
        if (!control_number(control, receives, 0, 1000000000, &receive.per_minute))
            return false;
    }
    control->hub->sends = send;
    control->hub->receives = receive;
    buf_format(control->reply, "{\"sends\":%" PRId64 ",\"receives\":%" PRId64 "}", send.per_minute,
               receive.per_minute);
    return true;
}

/* The command that target and method name; status says why there is none. */
static const struct command *find_command(const struct http_request *request, int *status)
{
    const char *name = request->target + sizeof prefix - 1;
    size_t size = strcspn(name, "?");

    *status = 404;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strlen(commands[i].name) != size || strncmp(commands[i].name, name, size) != 0)
            continue;
        if (strcmp(commands[i].method, request->method) == 0)
            return &commands[i];
        *status = 405;
    }
    return NULL;
}

/* Runs the command; false with the error noted. */
static bool perform(struct control *control, const struct command *command,
                    const struct http_request *request)
{
    cJSON *arguments = NULL;
    const char *text = request->body != NULL ? request->body : "";
    bool done = false;

    if (strcmp(command->method, "GET") == 0)
        return command->perform(control);
    arguments = request->body_size > 0 ? cJSON_ParseWithLength(text, request->body_size)
                                       : cJSON_CreateObject();
    control->arguments = arguments;
    if (cJSON_IsObject(arguments))
        done = command->perform(control);
    else
        (void)control_fail(control, "the body is not a JSON object");
    cJSON_Delete(arguments);
    return done;
}

bool control_is_target(const char *target)
{
    return strncmp(target, prefix, sizeof prefix - 1) == 0;
}

void control_handle(struct hub *hub, const struct http_peer *peer,
                    const struct http_request *request, struct http_response *response)
{
    struct control control = { .hub = hub, .target = request->target, .reply = &response->body };
    int status = 400;
    const struct command *command = find_command(request, &status);

    http_response_header(response, "Content-Type", "application/json; charset=utf-8");
    if (!peer->is_loopback) {
        status = 403;
        (void)control_fail(&control, "only from this machine");
    } else if (command == NULL) {
        (void)control_fail(&control, "no such command, or not with this method");
    } else {
        status = 400;
        if (perform(&control, command, request))
            return;
    }
    response->status = status;
    buf_clear(control.reply);
    buf_text(control.reply, "{\"error\":");
    json_string(control.reply, control.error);
    buf_text(control.reply, "}");
}
