/* control_json: the values of /_sim's JSON that more than one command reads. */
#include "control_json.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool control_fail(struct control *control, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(control->error, sizeof control->error, format, args);
    va_end(args);
    return false;
}

static const char *name_of(const cJSON *value)
{
    return value != NULL && value->string != NULL ? value->string : "a member";
}

bool control_read(struct control *control, const struct cJSON *object,
                  const struct control_member *members, void *target)
{
    const cJSON *value;

    if (!cJSON_IsObject(object))
        return control_fail(control, "%s must be an object", name_of(object));
    cJSON_ArrayForEach(value, object)
    {
        const struct control_member *member = members;

        while (member->name != NULL && strcmp(member->name, value->string) != 0)
            member++;
        if (member->name == NULL)
            return control_fail(control, "unknown member '%s'", value->string);
        if (!member->set(control, value, (char *)target + member->offset))
            return false;
    }
    return true;
}

bool control_set_text(struct control *control, const struct cJSON *value, void *field)
{
    const char *text = control_text(control, value);
    char **copy = field;

    if (text == NULL)
        return false;
    free(*copy);
    *copy = strdup(text);
    return *copy != NULL || control_fail(control, "out of memory");
}

bool control_set_bool(struct control *control, const struct cJSON *value, void *field)
{
    bool *flag = field;

    if (!cJSON_IsBool(value))
        return control_fail(control, "%s must be true or false", name_of(value));
    *flag = cJSON_IsTrue(value) != 0;
    return true;
}

bool control_set_number(struct control *control, const struct cJSON *value, void *field)
{
    return control_number(control, value, 0, 1000000000, field);
}

bool control_number(struct control *control, const struct cJSON *value, int64_t min, int64_t max,
                    int64_t *number)
{
    /* Whole numbers of up to 53 bits are exact in a double; min and max are well below. */
    double given = cJSON_IsNumber(value) ? value->valuedouble : 0.5;

    if (!(given >= (double)min && given <= (double)max) || (double)(int64_t)given < given
        || (double)(int64_t)given > given)
        return control_fail(control, "%s must be a whole number from %lld to %lld", name_of(value),
                            (long long)min, (long long)max);
    *number = (int64_t)given;
    return true;
}

const char *control_text(struct control *control, const struct cJSON *value)
{
    if (cJSON_IsString(value))
        return value->valuestring;
    (void)control_fail(control, "%s must be a string", name_of(value));
    return NULL;
}

/* Appends a header's value, which may be bytes that JSON cannot carry. */
static bool append_value(struct control *control, const cJSON *value, struct buf *lines)
{
    const cJSON *base64 = cJSON_GetObjectItemCaseSensitive(value, "base64");
    const char *text = control_text(control, base64 != NULL ? base64 : value);
    unsigned char *bytes = NULL;
    size_t size = 0;

    if (text == NULL)
        return false;
    if (base64 == NULL) {
        buf_text(lines, text);
        return true;
    }
    bytes = crypto_base64_decode(text, &size);
    if (bytes == NULL)
        return control_fail(control, "base64 is none");
    buf_append(lines, bytes, size);
    free(bytes);
    return true;
}

bool control_header_lines(struct control *control, const struct cJSON *pairs, struct buf *lines)
{
    const cJSON *pair;

    if (!cJSON_IsArray(pairs))
        return control_fail(control, "%s must be [[name,value],...]", name_of(pairs));
    cJSON_ArrayForEach(pair, pairs)
    {
        const cJSON *name = cJSON_GetArrayItem(pair, 0);

        if (!cJSON_IsArray(pair) || cJSON_GetArraySize(pair) != 2 || !cJSON_IsString(name))
            return control_fail(control, "%s must be [[name,value],...]", name_of(pairs));
        buf_text(lines, name->valuestring);
        buf_text(lines, ": ");
        if (!append_value(control, cJSON_GetArrayItem(pair, 1), lines))
            return false;
        buf_text(lines, "\r\n");
    }
    return !lines->failed || control_fail(control, "out of memory");
}
