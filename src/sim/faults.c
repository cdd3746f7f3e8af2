/* A fault is stored as the JSON that a test has sent, checked by fault_rules, with its counters. */
#include "faults.h"
#include "call.h"
#include "errors.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A TLS record, sent within TLS: no part of it looks like HTTP. */
static const char garbage[] =
    "\x16\x03\x01\x02\x05\x01\xfe\x80\xff\x7f\r\n\x01\x02\r\n\r\n\xc3\x28";

const struct json_rule fault_rules[] = {
    { "operation", JSON_WORD, 0, 0,
      "any none send receive complete reject abandon feedback feedbackComplete feedbackAbandon "
      "purge status" },
    { "drop", JSON_WORD, 0, 0, "before after" },
    { "shape", JSON_WORD, 0, 0, "text nested object empty html" },
    { "device body reason date errorCode", JSON_TEXT, 0, 0, NULL },
    { "reset bareClose unframed garbage trickle lowerCase html", JSON_FLAG, 0, 0, NULL },
    { "skip errorNumber delayMs cutAfter", JSON_NUMBER, 0, JSON_MANY, NULL },
    { "count", JSON_NUMBER, -1, JSON_MANY, NULL }, /* -1: no limit */
    { "status", JSON_NUMBER, 200, 999, NULL },     /* sent instead of the operation */
    { "dateSkew", JSON_NUMBER, -5 * INT64_C(1000000000), 5 * INT64_C(1000000000), NULL },
    { "retryAfter age", JSON_TEXT_OR_NUMBER, -JSON_MANY, JSON_MANY, NULL },
    { "headers", JSON_HEADERS, 0, 0, NULL },
    { "omit", JSON_TEXTS, 0, 0, NULL }, /* names of headers to leave out */
    { "clear", JSON_FLAG, 0, 0, NULL }, /* must be alone: removes all faults */
    { NULL, JSON_TEXT, 0, 0, NULL },
};

/* True if errorNumber or errorCode is given. Without a status they select an error of the hub,
 * which then has the status and texts of that error. */
static bool names_error(const cJSON *fault)
{
    return json_get(fault, "errorNumber") != NULL || json_get(fault, "errorCode") != NULL;
}

static const struct hub_error *named_error(const cJSON *fault)
{
    return error_find((int)json_number(fault, "errorNumber", 0), json_text(fault, "errorCode"));
}

int fault_add(struct hub *hub, const cJSON *definition, char error[static JSON_ERROR_SIZE])
{
    cJSON *fault;

    if (!json_check(definition, fault_rules, error))
        return 0;
    if (json_get(definition, "status") == NULL && names_error(definition)
        && named_error(definition) == NULL) {
        (void)snprintf(error, JSON_ERROR_SIZE,
                       "no known error has this errorNumber and errorCode: give a status, too");
        return 0;
    }
    fault = cJSON_CreateObject();
    cJSON_AddNumberToObject(fault, "fault", ++hub->last_fault);
    cJSON_AddNumberToObject(fault, "used", 0);
    cJSON_AddNumberToObject(fault, "skip", (double)json_number(definition, "skip", 0));
    cJSON_AddNumberToObject(fault, "left", (double)json_number(definition, "count", 1));
    cJSON_AddItemToObject(fault, "definition", cJSON_Duplicate(definition, true));
    cJSON_AddItemToArray(hub->faults, fault);
    return hub->last_fault;
}

static void count(cJSON *fault, const char *name, int by)
{
    cJSON *number = cJSON_GetObjectItemCaseSensitive(fault, name); /* added by fault_add() */

    if (number != NULL)
        cJSON_SetNumberValue(number, number->valuedouble + by);
}

const cJSON *fault_match(struct hub *hub, const char *operation, const char *device_id)
{
    cJSON *fault;

    cJSON_ArrayForEach(fault, hub->faults)
    {
        const cJSON *definition = json_get(fault, "definition");
        const char *wanted = json_text(definition, "operation");
        const char *device = json_text(definition, "device");

        if (json_number(fault, "left", 0) == 0
            || (wanted != NULL && strcmp(wanted, "any") != 0 && strcmp(wanted, operation) != 0)
            || (device != NULL && strcmp(device, device_id) != 0))
            continue;
        if (json_number(fault, "skip", 0) > 0) {
            count(fault, "skip", -1);
            continue;
        }
        /* A count below 0 is never used up. */
        if (json_number(fault, "left", 0) > 0)
            count(fault, "left", -1);
        count(fault, "used", 1);
        return definition;
    }
    return NULL;
}

bool fault_respond(const cJSON *fault, struct call *call)
{
    int64_t status = json_number(fault, "status", 0);
    int64_t number = json_number(fault, "errorNumber", 0);
    const char *name = json_text(fault, "errorCode");
    const char *drop = json_text(fault, "drop");
    bool is_html = json_flag(fault, "html");

    if (is_html)
        call->shape = "html";
    if (status == 0 && !is_html && names_error(fault)) {
        call_fail(call, named_error(fault)->number);
        return true;
    }
    if (status == 0 && !is_html && (drop == NULL || strcmp(drop, "before") != 0))
        return false;
    /* Without a hub's code it is the response of a gateway: no body, unless the fault has one. */
    if (call->shape == NULL && name == NULL && number == 0)
        call->shape = "empty";
    call_fail_as(call, status != 0 ? (int)status : 200, (int)number, name,
                 "A test has requested this error");
    return true;
}

/* Removes the headers in omit. Converts header names to lower case, if the fault says so. */
static void edit_headers(const cJSON *fault, struct evbuffer *headers)
{
    struct evbuffer *edited = evbuffer_new();
    const cJSON *name;
    char *line;

    while ((line = evbuffer_readln(headers, NULL, EVBUFFER_EOL_CRLF_STRICT)) != NULL) {
        bool is_omitted = false;
        char *end = line + strcspn(line, ":");

        cJSON_ArrayForEach(name, json_get(fault, "omit"))
        {
            is_omitted |= strlen(name->valuestring) == (size_t)(end - line)
                          && text_begins_nocase(line, name->valuestring);
        }
        for (char *c = line; json_flag(fault, "lowerCase") && c < end; c++)
            *c = (char)char_lower(*c);
        if (!is_omitted)
            evbuffer_add_printf(edited, "%s\r\n", line);
        free(line);
    }
    evbuffer_add_buffer(headers, edited);
    evbuffer_free(edited);
}

void fault_apply(const cJSON *fault, struct call *call)
{
    static const char *const names[][2] = { { "retryAfter", "Retry-After" }, { "age", "Age" } };
    struct http_response *response = &call->response;
    const char *body = json_text(fault, "body");
    const char *date = json_text(fault, "date");
    char now[TIME_SIZE];

    response->send_options = (struct http_send_options) {
        .close = response->send_options.close || json_flag(fault, "garbage"),
        .drop = json_text(fault, "drop") != NULL,
        .reset = json_flag(fault, "reset"),
        .bare_close = json_flag(fault, "bareClose"),
        .unframed = json_flag(fault, "unframed"),
        .trickle = json_flag(fault, "trickle"),
        .cut_after = json_number(fault, "cutAfter", -1),
        .delay_ms = json_number(fault, "delayMs", 0),
    };
    response->reason = json_text(fault, "reason");
    response->raw = json_flag(fault, "garbage") ? garbage : NULL;
    if (body != NULL) {
        evbuffer_drain(response->body, SIZE_MAX);
        evbuffer_add(response->body, body, strlen(body));
    }
    for (size_t i = 0; i < 2; i++) {
        const char *text = json_text(fault, names[i][0]);

        if (text != NULL)
            http_response_header(response, names[i][1], text);
        else if (json_get(fault, names[i][0]) != NULL)
            evbuffer_add_printf(response->headers, "%s: %lld\r\n", names[i][1],
                                (long long)json_number(fault, names[i][0], 0));
    }
    (void)time_http(call->now_ms + json_number(fault, "dateSkew", 0) * 1000, now);
    http_response_header(response, "Date", date != NULL ? date : now);
    (void)json_header_lines(json_get(fault, "headers"), response->headers); /* most have none */
    http_response_frame(response);
    edit_headers(fault, response->headers);
}
