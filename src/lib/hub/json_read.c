/* Parses with cJSON after json_scan.c has validated the text: cJSON itself accepts more than JSON.
 */
#include "json_read.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"
#include "json_scan.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* ---- Numbers ----
 * cJSON stores a number as a double, which is not exact over 2^53, and refuses one of more than 63
 * bytes. So each number node gets its text in valuestring, which cJSON ignores but frees. */

enum { NUMBER_SIZE_MAX = 63 };

static const char number_bytes[] = { '+', '-', '.', '0', '1', '2', '3', '4',
                                     '5', '6', '7', '8', '9', 'e', 'E' };

/* Finds the next number at or after *at in valid JSON. Moves *at to its first byte and returns its
 * size, or 0 if there is none before end. */
static size_t find_number(const char **at, const char *end)
{
    bool in_string = false;
    size_t size = 0;

    for (; *at < end; ++*at) {
        if (in_string && **at == '\\')
            ++*at;
        else if (**at == '"')
            in_string = !in_string;
        else if (!in_string && (**at == '-' || byte_is_digit((unsigned char)**at)))
            break;
    }
    while (*at + size < end && memchr(number_bytes, (*at)[size], sizeof number_bytes) != NULL)
        size++;
    return size;
}

/* Copies to each number of the tree its text, found at or after *at. False: out of memory. */
/* NOLINTNEXTLINE(misc-no-recursion): json_parse() limits the depth */
static bool keep_numbers(cJSON *item, const char **at, const char *end)
{
    for (; item != NULL; item = item->next) {
        if (cJSON_IsNumber(item)) {
            size_t size = find_number(at, end);

            item->valuestring = cJSON_malloc(size + 1);
            if (item->valuestring == NULL)
                return false;
            memcpy(item->valuestring, *at, size);
            item->valuestring[size] = '\0';
            *at += size;
        }
        if (!keep_numbers(item->child, at, end))
            return false;
    }
    return true;
}

/* Replaces each number that is too long for cJSON with one that it reads as infinite. */
static void shorten_numbers(char *text, size_t size)
{
    static const char infinite[] = "1e999";
    const char *at = text, *end = text + size;
    size_t number_size;

    while ((number_size = find_number(&at, end)) > 0) {
        if (number_size > NUMBER_SIZE_MAX) {
            memset(text + (at - text), ' ', number_size);
            memcpy(text + (at - text), infinite, sizeof infinite - 1);
        }
        at += number_size;
    }
}

/* NULL: out of memory. */
static cJSON *parse(const char *text, size_t size)
{
    char *copy = malloc(size);
    const char *at = text;
    cJSON *root = NULL;

    if (copy != NULL) {
        memcpy(copy, text, size);
        shorten_numbers(copy, size);
        root = cJSON_ParseWithLength(copy, size);
        wipe(copy, size); /* a response of the registry holds keys */
        free(copy);
    }
    if (keep_numbers(root, &at, text + size))
        return root;
    json_wipe_free(root);
    return NULL;
}

/* NOLINTNEXTLINE(misc-no-recursion): json_parse() limits the depth */
static void make_numbers_raw(cJSON *item)
{
    for (; item != NULL; item = item->next) {
        if (cJSON_IsNumber(item))
            item->type = cJSON_Raw;
        make_numbers_raw(item->child);
    }
}

/* ---- The tree ---- */

enum c2d_status json_parse(const char *text, size_t size, struct cJSON **root,
                           struct c2d_error *error)
{
    *root = NULL;
    if (size == 0 || !json_is_valid(text, size))
        return fail(error, C2D_PROTOCOL, "the response is not JSON");
    *root = parse(text, size);
    return *root != NULL ? C2D_OK : fail_memory(error);
}

const char *json_version(void)
{
    return cJSON_Version();
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

/* Not cJSON_GetObjectItem(), whose comparison depends on the locale. */
static cJSON *find_member(const cJSON *object, const char *name)
{
    cJSON *member = cJSON_IsObject(object) ? object->child : NULL;

    while (member != NULL && !text_equals_nocase(member->string, name))
        member = member->next;
    return member;
}

const struct cJSON *json_member(const struct cJSON *object, const char *name)
{
    return find_member(object, name);
}

size_t json_count(const struct cJSON *value)
{
    return (size_t)cJSON_GetArraySize(value);
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
    /* Not valueint, which cJSON clamps. */
    if (!cJSON_IsNumber(value) || !(value->valuedouble >= 0 && value->valuedouble <= max))
        return false;
    *number = value->valuedouble;
    return true;
}

char *json_print(const struct cJSON *value)
{
    cJSON *copy = cJSON_Duplicate(value, true);
    char *text;

    make_numbers_raw(copy);
    text = copy == NULL ? NULL : cJSON_PrintUnformatted(copy);
    json_wipe_free(copy);
    return text;
}

bool json_mask_member(struct cJSON *object, const char *name, const char *text)
{
    cJSON *member;
    bool found = false;

    /* All members of that name, as duplicates are possible. */
    while ((member = find_member(object, name)) != NULL) {
        wipe_texts(member->child);
        cJSON_Delete(cJSON_DetachItemViaPointer(object, member));
        found = true;
    }
    return !found || cJSON_AddStringToObject(object, name, text) != NULL;
}
