/* control: /_sim, by which a test looks into the hub and turns its screws. */
#include "sim.h"

#include <ctype.h>

enum {
    SHOWN_MAX = 1000,         /* connection strings in one reply */
    CLOCK_MAX_S = 1500000000, /* stays on this side of 1970 and of the year 2100 */
};

/* What a command works with: the JSON of the answer, or the reason why there is none. */
struct control {
    struct hub *hub;
    const char *target;     /* of the request; a GET's arguments are its query */
    const cJSON *arguments; /* an object */
    cJSON *reply;           /* an object */
    char error[JSON_ERROR_SIZE];
};

static bool fail(struct control *control, const char *error)
{
    (void)snprintf(control->error, sizeof control->error, "%s", error);
    return false;
}

static cJSON *describe_message(const struct message *message)
{
    cJSON *json = cJSON_Duplicate(message->given, true);
    char *body = memory_new(BASE64_SIZE(message->body_size));
    char time[TIME_SIZE];

    cJSON_DeleteItemFromObjectCaseSensitive(json, "rawHeaders");
    json_put_number(json, "sequenceNumber", message->sequence_number);
    json_put_number(json, "deliveryCount", message->delivery_count);
    json_put(json, "state", message->locked_until_ms != 0 ? "locked" : "enqueued");
    if (message->locked_until_ms != 0)
        json_put(json, "lockToken", message->lock_token);
    json_put(json, "expiry", time_iso(message->expires_ms, time));
    json_put(json, "enqueuedTime", time_iso(message->enqueued_ms, time));
    json_put_number(json, "bodySize", message->body_size);
    base64_encode(message->body, message->body_size, body);
    json_put(json, "bodyBase64", body);
    free(body);
    return json;
}

static cJSON *describe_device(struct device *device, int64_t now_ms)
{
    static const char *const names[OUTCOME_COUNT] = {
        "completed", "expired", "deliveryCountExceeded", "rejected", "purged", "abandoned"
    };
    const struct message *message;
    cJSON *json = cJSON_CreateObject();
    cJSON *messages;

    queue_sweep(&device->queue, now_ms);
    json_put(json, "generationId", device->generation_id);
    json_put(json, "status", device->is_disabled ? "disabled" : "enabled");
    messages = cJSON_AddArrayToObject(json, "queue");
    for (message = TAILQ_FIRST(&device->queue.messages); message != NULL;
         message = TAILQ_NEXT(message, link))
        cJSON_AddItemToArray(messages, describe_message(message));
    json_put_number(json, "enqueued", device->queue.enqueued);
    json_put_number(json, "delivered", device->queue.delivered);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        json_put_number(json, names[i], device->queue.ended[i]);
    return json;
}

static bool get_state(struct control *control)
{
    struct hub *hub = control->hub;
    int64_t now_ms = hub_now_ms(hub);
    const struct message *batch;
    char id[129];
    char log[8];
    bool has_id = query_value(control->target, "device", id, sizeof id);
    cJSON *part;
    cJSON *batches;

    if (has_id && hub_find_device(hub, id) == NULL)
        return fail(control, "no such device");
    hub_sweep(hub, now_ms);
    cJSON_AddNumberToObject(control->reply, "now", (double)now_ms / 1000);
    json_put_number(control->reply, "requests", hub->requests);
    json_put_number(control->reply, "connections", hub->connections);
    part = cJSON_AddObjectToObject(control->reply, "devices");
    for (size_t i = 0; i < hub->device_count; i++)
        if (!has_id || strcmp(hub->devices[i]->id, id) == 0)
            cJSON_AddItemToObject(part, hub->devices[i]->id,
                                  describe_device(hub->devices[i], now_ms));
    part = cJSON_AddObjectToObject(control->reply, "feedback");
    json_put_number(part, "pending",
                    hub->open_batch == NULL ? 0
                                            : (uint64_t)cJSON_GetArraySize(hub->open_batch->given));
    batches = cJSON_AddArrayToObject(part, "batches");
    for (batch = TAILQ_FIRST(&hub->feedback.messages); batch != NULL;
         batch = TAILQ_NEXT(batch, link)) {
        cJSON *item = cJSON_CreateObject();

        json_put_number(item, "size", (uint64_t)cJSON_GetArraySize(batch->given));
        json_put(item, "state", batch->locked_until_ms != 0 ? "locked" : "enqueued");
        json_put_number(item, "deliveryCount", batch->delivery_count);
        cJSON_AddItemToArray(batches, item);
    }
    json_put_number(part, "completed", hub->feedback.ended[OUTCOME_SUCCESS]);
    if (!query_value(control->target, "log", log, sizeof log) || strcmp(log, "0") != 0)
        cJSON_AddItemReferenceToObject(control->reply, "log", hub->log);
    return true;
}

static bool reset(struct control *control)
{
    hub_reset(control->hub);
    return true;
}

static bool set_clock(struct control *control)
{
    struct hub *hub = control->hub;
    const cJSON *offset = json_get(control->arguments, "offset");
    const cJSON *advance = json_get(control->arguments, "advance");
    double seconds;

    if ((offset == NULL) == (advance == NULL))
        return fail(control, "either offset or advance must be a number of seconds");
    seconds = advance == NULL ? offset->valuedouble
                              : (double)hub->offset_ms / 1000 + advance->valuedouble;
    if (seconds < -CLOCK_MAX_S || seconds > CLOCK_MAX_S)
        return fail(control, "the clock would be off by too much");
    hub->offset_ms = (int64_t)(seconds * 1000);
    cJSON_AddNumberToObject(control->reply, "now", (double)hub_now_ms(hub) / 1000);
    return true;
}

static bool set_throttle(struct control *control)
{
    struct throttle *throttles[] = { &control->hub->sends, &control->hub->receives };
    static const char *const names[] = { "sends", "receives" };

    for (size_t i = 0; i < 2; i++) {
        int64_t limit = json_number(control->arguments, names[i], -1);

        if (limit >= 0)
            *throttles[i] = (struct throttle) { .per_minute = limit };
        json_put_number(control->reply, names[i], (uint64_t)throttles[i]->per_minute);
    }
    return true;
}

/* SHA-1 or SHA-256 in hex, colons allowed; "" makes it a device with a key again. */
static bool set_thumbprint(struct device *device, const char *text)
{
    char hex[sizeof device->thumbprint] = "";
    size_t size = 0;

    for (; *text != '\0'; text++) {
        if (*text == ':')
            continue;
        if (size == sizeof hex - 1 || !isxdigit((unsigned char)*text))
            return false;
        hex[size++] = (char)toupper((unsigned char)*text);
    }
    if (size != 0 && size != 40 && size != 64)
        return false;
    memcpy(device->thumbprint, hex, sizeof hex);
    return true;
}

/* Makes the device of that id, if there is none. special (or NULL) says what is special about it,
 * strings (or NULL) shows its connection string. False with the error noted. */
static bool make_device(struct control *control, const char *id, const cJSON *special,
                        cJSON *strings)
{
    const char *status = json_text(special, "status");
    const char *thumbprint = json_text(special, "thumbprint");
    const char *key = json_text(special, "key");
    struct device *device = id != NULL ? hub_find_device(control->hub, id) : NULL;

    if (id == NULL || !text_is_device_id(id))
        return fail(control, "a deviceId is missing or none");
    if (device == NULL && (device = hub_add_device(control->hub, id)) == NULL)
        return fail(control, "the hub is full");
    if (thumbprint != NULL && !set_thumbprint(device, thumbprint))
        return fail(control, "thumbprint must be 40 or 64 hex digits");
    if (status != NULL)
        device->is_disabled = strcmp(status, "disabled") == 0;
    if (key != NULL) {
        unsigned char *bytes = base64_decode(key, &device->key.size);

        memcpy(device->key.bytes, bytes, device->key.size);
        free(bytes);
    }
    if (strings != NULL) {
        char *text = hub_connection_string(control->hub, NULL, device);

        json_put(strings, id, text);
        free(text);
    }
    return true;
}

static bool make_devices(struct control *control)
{
    static const struct json_rule special[] = {
        { "deviceId thumbprint", JSON_TEXT, 0, 0, NULL },
        { "status", JSON_WORD, 0, 0, "enabled disabled" },
        { "key", JSON_BASE64, 1, KEY_MAX, NULL },
        { NULL, JSON_TEXT, 0, 0, NULL },
    };
    const cJSON *devices = json_get(control->arguments, "devices");
    const char *prefix = json_text(control->arguments, "prefix");
    int64_t count = json_number(control->arguments, "count", 0);
    int64_t all = count + cJSON_GetArraySize(devices);
    const cJSON *item;
    cJSON *strings = NULL;

    if (devices == NULL && count == 0)
        return fail(control, "devices, or prefix and count, must be given");
    json_put_number(control->reply, "created", (uint64_t)all);
    if (all <= SHOWN_MAX)
        strings = cJSON_AddObjectToObject(control->reply, "connectionStrings");
    cJSON_ArrayForEach(item, devices)
    {
        const char *id = cJSON_GetStringValue(item);

        if (id == NULL && !json_check(item, special, control->error))
            return false;
        if (!make_device(control, id != NULL ? id : json_text(item, "deviceId"), item, strings))
            return false;
    }
    for (int64_t i = 0; i < count; i++) {
        char id[160];

        (void)snprintf(id, sizeof id, "%.130s%lld", prefix != NULL ? prefix : "d", (long long)i);
        if (!make_device(control, id, NULL, strings))
            return false;
    }
    return true;
}

/* A message that was never sent has what its sender would have given, past all checks. */
static cJSON *read_given(const cJSON *arguments)
{
    const cJSON *properties = json_get(arguments, "properties");
    const char *ack = json_text(arguments, "ack");
    cJSON *given = cJSON_CreateObject();
    cJSON *object = cJSON_AddObjectToObject(given, "properties");
    const cJSON *item;

    cJSON_ArrayForEach(item, properties)
    {
        if (cJSON_IsArray(item))
            json_put(object, item->child->valuestring, item->child->next->valuestring);
        else
            json_put(object, item->string, item->valuestring);
    }
    for (size_t i = 0; system_properties[i].json != NULL; i++)
        if (json_text(arguments, system_properties[i].json) != NULL)
            json_put(given, system_properties[i].json,
                     json_text(arguments, system_properties[i].json));
    json_put(given, "ack", ack != NULL ? ack : "none");
    if (json_get(arguments, "rawHeaders") != NULL)
        cJSON_AddItemToObject(given, "rawHeaders",
                              cJSON_Duplicate(json_get(arguments, "rawHeaders"), true));
    return given;
}

static bool enqueue(struct control *control)
{
    const char *id = json_text(control->arguments, "deviceId");
    const char *text = json_text(control->arguments, "body");
    const char *base64 = json_text(control->arguments, "bodyBase64");
    struct device *device = id != NULL ? hub_find_device(control->hub, id) : NULL;
    int64_t now_ms = hub_now_ms(control->hub);
    int64_t count = json_number(control->arguments, "count", 1);
    size_t size = text != NULL ? strlen(text) : 0;
    unsigned char *bytes;
    uint64_t done = 0;

    if (device == NULL)
        return fail(control, "deviceId names no device");
    if (text != NULL && base64 != NULL)
        return fail(control, "body and bodyBase64");
    bytes = base64 != NULL ? base64_decode(base64, &size) : NULL;
    queue_sweep(&device->queue, now_ms);
    for (; count-- > 0 && device->queue.depth < QUEUE_MAX; done++) {
        struct message *message = message_new(read_given(control->arguments),
                                              bytes != NULL ? (const void *)bytes : text, size);

        message->expires_ms = now_ms + json_number(control->arguments, "ttl", 3600) * 1000;
        message->delivery_count = (unsigned)json_number(control->arguments, "deliveryCount", 0);
        queue_append(&device->queue, message, now_ms);
    }
    free(bytes);
    json_put_number(control->reply, "enqueued", done);
    return true;
}

static bool list_faults(struct control *control)
{
    return cJSON_AddItemReferenceToObject(control->reply, "faults", control->hub->faults) != 0;
}

/* Adds a fault, or removes all by {"clear":true}. */
static bool set_faults(struct control *control)
{
    int id;

    if (json_flag(control->arguments, "clear") && cJSON_GetArraySize(control->arguments) == 1) {
        cJSON_Delete(control->hub->faults);
        control->hub->faults = cJSON_CreateArray();
        control->hub->last_fault = 0;
        return true;
    }
    id = fault_add(control->hub, control->arguments, control->error);
    json_put_number(control->reply, "fault", (uint64_t)id);
    return id != 0;
}

/* What the commands but faults may have. */
static const struct json_rule rules[] = {
    { "offset advance", JSON_REAL, -CLOCK_MAX_S, CLOCK_MAX_S, NULL },
    { "sends receives ttl count", JSON_NUMBER, 0, JSON_MANY, NULL },
    { "deliveryCount", JSON_NUMBER, 0, 1000, NULL },
    { "deviceId body messageId correlationId userId contentType contentEncoding prefix", JSON_TEXT,
      0, 0, NULL },
    { "bodyBase64", JSON_BASE64, 0, JSON_MANY, NULL },
    { "ack", JSON_WORD, 0, 0, "none positive negative full" },
    { "properties", JSON_PROPERTIES, 0, 0, NULL },
    { "rawHeaders", JSON_HEADERS, 0, 0, NULL },
    { "devices", JSON_LIST, 0, 0, NULL },
    { NULL, JSON_TEXT, 0, 0, NULL },
};

static const struct command {
    const char *method;
    const char *name;
    bool (*perform)(struct control *control);
} commands[] = {
    { "GET", "state", get_state },        { "GET", "faults", list_faults },
    { "POST", "reset", reset },           { "POST", "enqueue", enqueue },
    { "POST", "clock", set_clock },       { "POST", "devices", make_devices },
    { "POST", "throttle", set_throttle }, { "POST", "faults", set_faults },
};

/* Runs the command that the request names; returns the status. */
static int run(struct control *control, const struct http_request *request)
{
    const char *name = control->target + strlen("/_sim/");
    size_t size = strcspn(name, "?");
    int status = 404;

    (void)fail(control, "no such command, or not with this method");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        const struct command *command = &commands[i];

        if (strlen(command->name) != size || strncmp(command->name, name, size) != 0)
            continue;
        if (strcmp(command->method, request->method) == 0)
            return (command->perform == set_faults
                    || json_check(control->arguments, rules, control->error))
                           && command->perform(control)
                       ? 200
                       : 400;
        status = 405;
    }
    return status;
}

void control_handle(struct hub *hub, struct call *call)
{
    cJSON *arguments = call->request.body_size == 0
                           ? cJSON_CreateObject()
                           : cJSON_ParseWithLength(call->request.body, call->request.body_size);
    struct control control = { .hub = hub,
                               .target = call->request.target,
                               .arguments = arguments,
                               .reply = cJSON_CreateObject() };

    (void)fail(&control, "only from this machine");
    call->response.status = call->is_loopback ? run(&control, &call->request) : 403;
    if (call->response.status != 200) {
        cJSON_Delete(control.reply);
        control.reply = cJSON_CreateObject();
        json_put(control.reply, "error", control.error);
    }
    http_response_header(&call->response, "Content-Type", "application/json; charset=utf-8");
    json_write(call->response.body, control.reply);
    cJSON_Delete(arguments);
}
