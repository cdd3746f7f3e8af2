#include "json.h"
#include "util.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void json_write(struct evbuffer *out, cJSON *tree)
{
    char *text = cJSON_PrintUnformatted(tree);
    const unsigned char *start = (const unsigned char *)text; /* of the part not written yet */
    const unsigned char *end = start + strlen(text);
    size_t size;

    for (const unsigned char *at = start; at < end; at += size) {
        unsigned character;

        size = utf8_sequence(at, (size_t)(end - at), &character);
        if (size == 0) {
            unsigned char latin1[2] = { (unsigned char)(0xc0 | *at >> 6),
                                        (unsigned char)(0x80 | (*at & 0x3f)) };

            evbuffer_add(out, start, (size_t)(at - start));
            evbuffer_add(out, latin1, sizeof latin1);
            start = at + 1;
            size = 1;
        }
    }
    evbuffer_add(out, start, (size_t)(end - start));
    cJSON_free(text);
    cJSON_Delete(tree);
}

void json_put(cJSON *object, const char *name, const char *text)
{
    cJSON_AddItemToObject(object, name,
                          text != NULL ? cJSON_CreateString(text) : cJSON_CreateNull());
}

void json_put_number(cJSON *object, const char *name, uint64_t number)
{
    cJSON_AddNumberToObject(object, name, (double)number);
}

const cJSON *json_get(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *json_text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(json_get(object, name));
}

int64_t json_number(const cJSON *object, const char *name, int64_t fallback)
{
    const cJSON *item = json_get(object, name);

    return cJSON_IsNumber(item) ? (int64_t)item->valuedouble : fallback;
}

bool json_flag(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(json_get(object, name));
}

bool json_header_lines(const cJSON *pairs, struct evbuffer *lines)
{
    const cJSON *pair;

    cJSON_ArrayForEach(pair, pairs)
    {
        const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0));
        const cJSON *value = cJSON_GetArrayItem(pair, 1);
        const char *base64 = json_text(value, "base64");
        size_t size = 0;
        unsigned char *bytes = base64 != NULL ? base64_decode(base64, &size) : NULL;
        const void *data = base64 != NULL ? (const void *)bytes : cJSON_GetStringValue(value);
        bool is_good = cJSON_GetArraySize(pair) == 2 && name != NULL && data != NULL;

        if (is_good && lines != NULL) {
            evbuffer_add_printf(lines, "%s: ", name);
            evbuffer_add(lines, data, base64 != NULL ? size : strlen(data));
            evbuffer_add(lines, "\r\n", 2);
        }
        free(bytes);
        if (!is_good)
            return false;
    }
    return cJSON_IsArray(pairs);
}

/* True for an array of texts; with pairs for an object of texts, or an array of pairs of texts. */
static bool are_texts(const cJSON *value, bool pairs) /* NOLINT(misc-no-recursion): once */
{
    const cJSON *item;

    cJSON_ArrayForEach(item, value)
    {
        if (pairs && cJSON_IsArray(value) ? cJSON_GetArraySize(item) != 2 || !are_texts(item, false)
                                          : !cJSON_IsString(item))
            return false;
    }
    return cJSON_IsArray(value) || (pairs && cJSON_IsObject(value));
}

static bool fits(const cJSON *value, const struct json_rule *rule)
{
    const char *text = cJSON_GetStringValue(value);
    double number = cJSON_IsNumber(value) ? value->valuedouble : -1e300;
    bool is_in_range = number >= (double)rule->min && number <= (double)rule->max;
    /* Whole numbers of up to 53 bits are exact in a double; all limits are well below. */
    double whole = is_in_range ? (double)(int64_t)number : 0;
    unsigned char *bytes;
    size_t size = 0;

    switch (rule->type) {
    case JSON_TEXT:
        return text != NULL;
    case JSON_WORD:
        return text != NULL && text_is_word(text, rule->words);
    case JSON_FLAG:
        return cJSON_IsBool(value);
    case JSON_REAL:
        return is_in_range;
    case JSON_NUMBER:
    case JSON_TEXT_OR_NUMBER:
        return (is_in_range && whole >= number && whole <= number)
               || (text != NULL && rule->type == JSON_TEXT_OR_NUMBER);
    case JSON_BASE64:
        bytes = text != NULL ? base64_decode(text, &size) : NULL;
        free(bytes);
        return bytes != NULL && (int64_t)size >= rule->min && (int64_t)size <= rule->max;
    case JSON_HEADERS:
        return json_header_lines(value, NULL);
    case JSON_TEXTS:
        return are_texts(value, false);
    case JSON_PROPERTIES:
        return are_texts(value, true);
    case JSON_LIST:
        return cJSON_IsArray(value);
    }
    return false;
}

/* Writes to error that the member is unknown, and which ones are known. */
static void note_unknown(const char *name, const struct json_rule *rules,
                         char error[static JSON_ERROR_SIZE])
{
    (void)snprintf(error, JSON_ERROR_SIZE, "unknown member '%.60s'; known:%s", name,
                   rules->names == NULL ? " none" : "");
    for (; rules->names != NULL; rules++) {
        size_t size = strlen(error);

        (void)snprintf(error + size, JSON_ERROR_SIZE - size, " %s", rules->names);
    }
}

bool json_check(const cJSON *object, const struct json_rule *rules,
                char error[static JSON_ERROR_SIZE])
{
    const cJSON *value;

    (void)snprintf(error, JSON_ERROR_SIZE, "not a JSON object");
    cJSON_ArrayForEach(value, object)
    {
        const struct json_rule *rule = rules;

        while (rule->names != NULL && value->string != NULL
               && !text_is_word(value->string, rule->names))
            rule++;
        if (value->string == NULL) /* object is an array */
            return false;
        if (rule->names == NULL) {
            note_unknown(value->string, rules, error);
            return false;
        }
        (void)snprintf(error, JSON_ERROR_SIZE, "invalid or repeated member '%.60s'%s%s",
                       value->string, rule->words != NULL ? ", it must be one of: " : "",
                       rule->words != NULL ? rule->words : "");
        if (json_get(object, value->string) != value || !fits(value, rule))
            return false;
    }
    return cJSON_IsObject(object);
}
