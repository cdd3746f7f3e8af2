/* The table of the commands of /_sim, and most of the commands. */
#include "control.h"
#include "call.h"
#include "errors.h"
#include "faults.h"
#include "operations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLOCK_MAX_S = 1500000000, /* keeps the clock between 1970 and 2100 */
    TOKEN_LIFE_S = 3600,      /* the default of most clients */
};

bool control_fail(struct control *control, const char *error)
{
    (void)snprintf(control->error, sizeof control->error, "%s", error);
    return false;
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
        return control_fail(control, "give either offset or advance, in seconds");
    seconds = advance == NULL ? offset->valuedouble
                              : (double)hub->offset_ms / 1000 + advance->valuedouble;
    if (seconds < -CLOCK_MAX_S || seconds > CLOCK_MAX_S)
        return control_fail(control, "the clock may differ from real time by 1500000000 s at most");
    hub->offset_ms = (int64_t)(seconds * 1000);
    cJSON_AddNumberToObject(control->reply, "now", (double)hub_now_ms(hub) / 1000);
    if (hub_ahead_ms(hub) > (int64_t)TOKEN_LIFE_S * 1000)
        json_put(control->reply, "note",
                 "a token of an hour that was signed by real time has expired by this clock; "
                 "GET /_sim/sas makes a valid one");
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

static bool set_feedback(struct control *control)
{
    struct feedback *feedback = &control->hub->feedback;
    const char *description = json_text(control->arguments, "description");

    if (json_get(control->arguments, "omitSuccessCode") != NULL)
        feedback->omits_success_code = json_flag(control->arguments, "omitSuccessCode");
    if (description != NULL)
        (void)snprintf(feedback->description, sizeof feedback->description, "%s", description);
    cJSON_AddBoolToObject(control->reply, "omitSuccessCode", feedback->omits_success_code);
    json_put(control->reply, "description", feedback->description);
    return true;
}

/* Builds the properties of a message from the arguments, without the checks of a send. */
static cJSON *read_properties(const cJSON *arguments)
{
    const cJSON *properties = json_get(arguments, "properties");
    const char *ack = json_text(arguments, "ack");
    cJSON *json = cJSON_CreateObject();
    cJSON *object = cJSON_AddObjectToObject(json, "properties");
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
            json_put(json, system_properties[i].json,
                     json_text(arguments, system_properties[i].json));
    json_put(json, "ack", ack != NULL ? ack : "none");
    if (json_get(arguments, "rawHeaders") != NULL)
        cJSON_AddItemToObject(json, "rawHeaders",
                              cJSON_Duplicate(json_get(arguments, "rawHeaders"), true));
    return json;
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
        return control_fail(control, "deviceId: no such device");
    if (text != NULL && base64 != NULL)
        return control_fail(control, "body and bodyBase64 exclude each other");
    bytes = base64 != NULL ? base64_decode(base64, &size) : NULL;
    queue_sweep(&device->queue, now_ms);
    for (; count-- > 0 && device->queue.depth < QUEUE_MAX; done++) {
        struct message *message = message_new(read_properties(control->arguments),
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

/* Adds a fault, or removes all faults if the only member is clear. */
static bool set_faults(struct control *control)
{
    int id;

    if (json_get(control->arguments, "clear") != NULL) {
        if (cJSON_GetArraySize(control->arguments) != 1)
            return control_fail(control, "clear must be the only member");
        if (!json_flag(control->arguments, "clear"))
            return true;
        cJSON_Delete(control->hub->faults);
        control->hub->faults = cJSON_CreateArray();
        control->hub->last_fault = 0;
        return true;
    }
    id = fault_add(control->hub, control->arguments, control->error);
    json_put_number(control->reply, "fault", (uint64_t)id);
    return id != 0;
}

static bool list_commands(struct control *control);

/* The members of each POST. fault_rules and control_device_rules have further ones. */
static const struct json_rule no_rules[] = { { NULL, JSON_TEXT, 0, 0, NULL } };
static const struct json_rule clock_rules[] = {
    { "offset advance", JSON_REAL, -CLOCK_MAX_S, CLOCK_MAX_S, NULL },
    { NULL, JSON_TEXT, 0, 0, NULL },
};
static const struct json_rule throttle_rules[] = {
    { "sends receives", JSON_NUMBER, 0, JSON_MANY, NULL },
    { NULL, JSON_TEXT, 0, 0, NULL },
};
static const struct json_rule feedback_rules[] = {
    { "omitSuccessCode", JSON_FLAG, 0, 0, NULL },
    { "description", JSON_TEXT, 0, 0, NULL },
    { NULL, JSON_TEXT, 0, 0, NULL },
};
static const struct json_rule authorities_rules[] = {
    { "certificate", JSON_TEXT, 0, 0, NULL },
    { NULL, JSON_TEXT, 0, 0, NULL },
};
static const struct json_rule devices_rules[] = {
    { "devices", JSON_LIST, 0, 0, NULL },
    { "prefix", JSON_TEXT, 0, 0, NULL },
    { "count", JSON_NUMBER, 0, JSON_MANY, NULL },
    { NULL, JSON_TEXT, 0, 0, NULL },
};
static const struct json_rule enqueue_rules[] = {
    { "deviceId body", JSON_TEXT, 0, 0, NULL },
    { "bodyBase64", JSON_BASE64, 0, JSON_MANY, NULL },
    { "messageId correlationId userId contentType contentEncoding", JSON_TEXT, 0, 0, NULL },
    { "ack", JSON_WORD, 0, 0, "none positive negative full" },
    { "properties", JSON_PROPERTIES, 0, 0, NULL },
    { "rawHeaders", JSON_HEADERS, 0, 0, NULL },
    { "ttl count", JSON_NUMBER, 0, JSON_MANY, NULL },
    { "deliveryCount", JSON_NUMBER, 0, 1000, NULL },
    { NULL, JSON_TEXT, 0, 0, NULL },
};

static const struct command {
    const char *method;
    const char *name;
    const struct json_rule *rules; /* of the body */
    const char *query;             /* names of query members, separated by spaces */
    bool (*perform)(struct control *control);
} commands[] = {
    { "GET", "", no_rules, "", list_commands },
    { "GET", "state", no_rules, "device log", control_get_state },
    { "GET", "faults", no_rules, "", list_faults },
    { "POST", "faults", fault_rules, "", set_faults },
    { "POST", "reset", no_rules, "", reset },
    { "POST", "enqueue", enqueue_rules, "", enqueue },
    { "POST", "clock", clock_rules, "", set_clock },
    { "GET", "sas", no_rules, "device policy ttl", control_make_token },
    { "POST", "devices", devices_rules, "", control_make_devices },
    { "POST", "authorities", authorities_rules, "", control_add_authorities },
    { "POST", "throttle", throttle_rules, "", set_throttle },
    { "POST", "feedback", feedback_rules, "", set_feedback },
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

/* Appends each word of words to an array of texts. */
static void add_words(cJSON *array, const char *words)
{
    for (size_t size; *words != '\0'; words += size + strspn(words + size, " ")) {
        char *word;

        size = strcspn(words, " ");
        word = text_format("%.*s", (int)size, words);
        cJSON_AddItemToArray(array, cJSON_CreateString(word));
        free(word);
    }
}

static cJSON *list_members(const struct json_rule *rules)
{
    cJSON *array = cJSON_CreateArray();

    for (; rules->names != NULL; rules++)
        add_words(array, rules->names);
    return array;
}

/* Lists the commands and what they accept, from the tables that are used for the checks. */
static bool list_commands(struct control *control)
{
    cJSON *list = cJSON_AddArrayToObject(control->reply, "commands");

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        cJSON *item = cJSON_CreateObject();

        json_put(item, "method", commands[i].method);
        json_put(item, "name", commands[i].name);
        cJSON_AddItemToObject(item, "members", list_members(commands[i].rules));
        add_words(cJSON_AddArrayToObject(item, "query"), commands[i].query);
        cJSON_AddItemToArray(list, item);
    }
    cJSON_AddItemToObject(control->reply, "deviceMembers", list_members(control_device_rules));
    for (const struct json_rule *rule = fault_rules; rule->names != NULL; rule++)
        if (rule->words != NULL)
            add_words(cJSON_AddArrayToObject(control->reply, rule->names), rule->words);
    list = cJSON_AddObjectToObject(control->reply, "errors");
    for (const struct hub_error *error = hub_errors; error->name != NULL; error++)
        json_put_number(list, error->name, (uint64_t)error->number);
    json_put_number(control->reply, "logLength", CALL_LOG_MAX);
    return true;
}

/* True if the query has no other members than names. */
static bool check_query(struct control *control, const char *names)
{
    const char *member = strchr(control->target, '?');

    while (member != NULL && *member != '\0') {
        size_t size = strcspn(++member, "&");
        char *name = text_format("%.*s", (int)strcspn(member, "=&"), member);
        bool is_known = *name == '\0' || text_is_word(name, names);

        if (!is_known)
            (void)snprintf(control->error, sizeof control->error,
                           "unknown query member '%.60s'; known: %s", name,
                           *names != '\0' ? names : "none");
        free(name);
        if (!is_known)
            return false;
        member += size;
    }
    return true;
}

/* Runs the command that the request names. Returns the HTTP status. */
static int run(struct control *control, const struct http_request *request)
{
    const char *name = control->target + strlen("/_sim/");
    size_t size = strcspn(name, "?");
    int status = 404;

    (void)control_fail(control, "no such command, or not with this method; GET /_sim/ lists them");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct command *command = &commands[i];

        if (strlen(command->name) != size || strncmp(command->name, name, size) != 0)
            continue;
        if (strcmp(command->method, request->method) == 0)
            return check_query(control, command->query)
                           && json_check(control->arguments, command->rules, control->error)
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

    (void)control_fail(&control, "only requests from this machine are accepted");
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
