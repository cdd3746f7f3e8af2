/* cJSON reads what json_scan.c has passed; its own parser would take more. */
#include "json_read.h"

#include "buf.h"
#include "json_scan.h"
#include "status.h"

#include <cjson/cJSON.h>
#include <string.h>

enum c2d_status json_parse(const char *text, size_t size, struct cJSON **root,
                           struct c2d_error *error)
{
    *root = NULL;
    if (size == 0 || !json_is_valid(text, size))
        return fail(error, C2D_PROTOCOL, "the answer is no JSON");
    *root = cJSON_ParseWithLength(text, size);
    return *root != NULL ? C2D_OK : fail_memory(error);
}

void json_free(struct cJSON *root)
{
    cJSON_Delete(root);
}

static void wipe_texts(cJSON *item) /* NOLINT(misc-no-recursion): json_parse() limits the depth */
{
    for (; item != NULL; item = item->next) {
        if (item->valuestring != NULL)
            wipe(item->valuestring, strlen(item->valuestring));
        wipe_texts(item->child);
    }
}

void json_wipe_free(struct cJSON *root)
{
    wipe_texts(root);
    cJSON_Delete(root);
}

bool json_is_object(const struct cJSON *value)
{
    return cJSON_IsObject(value);
}

bool json_is_array(const struct cJSON *value)
{
    return cJSON_IsArray(value);
}

bool json_is_null(const struct cJSON *value)
{
    return cJSON_IsNull(value);
}

const struct cJSON *json_member(const struct cJSON *object, const char *name)
{
    return cJSON_GetObjectItem(object, name);
}

const struct cJSON *json_first(const struct cJSON *value)
{
    return value == NULL ? NULL : value->child;
}

const struct cJSON *json_next(const struct cJSON *value)
{
    return value->next;
}

const char *json_name(const struct cJSON *value)
{
    return value->string;
}

const char *json_as_text(const struct cJSON *value)
{
    return cJSON_GetStringValue(value);
}

const char *json_text_member(const struct cJSON *object, const char *name)
{
    return json_as_text(json_member(object, name));
}

bool json_as_number(const struct cJSON *value, double max, double *number)
{
    /* Not valueint, which cJSON clamps without a word. */
    if (!cJSON_IsNumber(value) || !(value->valuedouble >= 0 && value->valuedouble <= max))
        return false;
    *number = value->valuedouble;
    return true;
}

char *json_print(const struct cJSON *value)
{
    return cJSON_PrintUnformatted(value);
}

bool json_mask_member(struct cJSON *object, const char *name, const char *text)
{
    cJSON *member;
    bool found = false;

    /* All of them: a member given twice would leave what the second one says. */
    while ((member = cJSON_GetObjectItem(object, name)) != NULL) {
        wipe_texts(member->child);
        cJSON_DeleteItemFromObject(object, name);
        found = true;
    }
    return !found || cJSON_AddStringToObject(object, name, text) != NULL;
}
