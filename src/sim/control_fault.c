/* control_fault: faults as a test writes them down. */
#include "control_json.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool set_operation(struct control *control, const cJSON *value, void *field)
{
    const char *name = control_text(control, value);

    return name != NULL
           && (operation_parse(name, field) || control_fail(control, "no operation '%s'", name));
}

static bool set_shape(struct control *control, const cJSON *value, void *field)
{
    const char *name = control_text(control, value);

    return name != NULL
           && (answer_shape_parse(name, field)
               || control_fail(control, "shape must be text, nested, empty or html"));
}

static bool set_drop(struct control *control, const cJSON *value, void *field)
{
    const char *name = control_text(control, value);
    enum drop *drop = field;

    if (name == NULL)
        return false;
    if (strcmp(name, "before") != 0 && strcmp(name, "after") != 0)
        return control_fail(control, "drop must be before or after");
    *drop = strcmp(name, "before") == 0 ? DROP_BEFORE : DROP_AFTER;
    return true;
}

static bool set_count(struct control *control, const cJSON *value, void *field)
{
    return control_number(control, value, -1, 1000000000, field);
}

static bool set_status(struct control *control, const cJSON *value, void *field)
{
    return control_number(control, value, 200, 999, field);
}

static bool set_skew(struct control *control, const cJSON *value, void *field)
{
    return control_number(control, value, -5000000000, 5000000000, field);
}

static bool set_text_or_number(struct control *control, const cJSON *value, void *field)
{
    char **text = field;
    int64_t number;
    char digits[24];

    if (!cJSON_IsNumber(value))
        return control_set_text(control, value, field);
    if (!control_number(control, value, -1000000000, 1000000000, &number))
        return false;
    (void)snprintf(digits, sizeof digits, "%" PRId64, number);
    free(*text);
    *text = strdup(digits);
    return *text != NULL || control_fail(control, "out of memory");
}

static bool set_headers(struct control *control, const cJSON *value, void *target)
{
    struct fault *fault = target;
    struct buf lines = { 0 };

    if (!control_header_lines(control, value, &lines)) {
        buf_clear(&lines);
        return false;
    }
    free(fault->headers);
    fault->headers = lines.data;
    fault->headers_size = lines.size;
    return true;
}

static bool set_omit(struct control *control, const cJSON *value, void *field)
{
    char **omit = field;
    const cJSON *name;
    struct buf names = { 0 };

    if (!cJSON_IsArray(value))
        return control_fail(control, "omit must be an array of header names");
    buf_text(&names, "\n");
    cJSON_ArrayForEach(name, value)
    {
        if (control_text(control, name) == NULL) {
            buf_clear(&names);
            return false;
        }
        buf_format(&names, "%s\n", name->valuestring);
    }
    if (names.failed) {
        buf_clear(&names);
        return control_fail(control, "out of memory");
    }
    free(*omit);
    *omit = names.data;
    return true;
}

#define FIELD(member) offsetof(struct fault, member)

static const struct control_member members[] = {
    { "operation", set_operation, FIELD(operation) },
    { "device", control_set_text, FIELD(device_id) },
    { "skip", control_set_number, FIELD(skip) },
    { "count", set_count, FIELD(count) },
    { "status", set_status, FIELD(status) },
    { "errorCode", control_set_text, FIELD(error_code) },
    { "errorNumber", control_set_number, FIELD(error_number) },
    { "retryAfter", set_text_or_number, FIELD(retry_after) },
    { "shape", set_shape, FIELD(shape) },
    { "body", control_set_text, FIELD(body) },
    { "delayMs", control_set_number, FIELD(manner.delay_ms) },
    { "drop", set_drop, FIELD(drop) },
    { "cutAfter", control_set_number, FIELD(manner.cut_after) },
    { "reset", control_set_bool, FIELD(manner.reset) },
    { "bareClose", control_set_bool, FIELD(manner.bare_close) },
    { "unframed", control_set_bool, FIELD(manner.unframed) },
    { "garbage", control_set_bool, FIELD(garbage) },
    { "trickle", control_set_bool, FIELD(manner.trickle) },
    { "lowerCase", control_set_bool, FIELD(manner.lower_case) },
    { "html", control_set_bool, FIELD(html) },
    { "date", control_set_text, FIELD(date) },
    { "dateSkew", set_skew, FIELD(date_skew_s) },
    { "age", set_text_or_number, FIELD(age) },
    { "headers", set_headers, 0 },
    { "omit", set_omit, FIELD(omit) },
    { "reason", control_set_text, FIELD(reason) },
    { NULL, NULL, 0 },
};

/* The definition as it is listed, in malloc's memory. */
static char *copy_definition(const cJSON *arguments)
{
    char *printed = cJSON_PrintUnformatted(arguments);
    char *copy = printed != NULL ? strdup(printed) : NULL;

    cJSON_free(printed);
    return copy;
}

/* {"clear":true} */
static bool clear(struct control *control, const cJSON *value)
{
    if (!cJSON_IsTrue(value) || cJSON_GetArraySize(control->arguments) != 1)
        return control_fail(control, "clear must be true and alone");
    fault_list_clear(&control->hub->faults);
    buf_text(control->reply, "{}");
    return true;
}

bool control_add_fault(struct control *control)
{
    const cJSON *cleared = cJSON_GetObjectItemCaseSensitive(control->arguments, "clear");
    struct fault *fault;

    if (cleared != NULL)
        return clear(control, cleared);
    fault = fault_new();
    if (fault == NULL)
        return control_fail(control, "out of memory");
    if (!control_read(control, control->arguments, members, fault)) {
        fault_free(fault);
        return false;
    }
    fault->definition = copy_definition(control->arguments);
    if (fault->definition == NULL) {
        fault_free(fault);
        return control_fail(control, "out of memory");
    }
    fault_list_add(&control->hub->faults, fault);
    buf_format(control->reply, "{\"fault\":%" PRId64 "}", fault->id);
    return true;
}
