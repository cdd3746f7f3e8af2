/* Reads with cJSON what json_scan.c has passed. Names are found without case, and all but what a
 * caller cannot do without may be missing. Writing JSON is json_write.c's. */
#include "json.h"

#include "json_scan.h"
#include "json_write.h"
#include "status.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* *root is the whole of text as one JSON value, or NULL: C2D_PROTOCOL when it is none, C2D_OS when
 * memory is gone, which cJSON alone would not tell apart. */
static enum c2d_status parse(const struct buf *text, cJSON **root, struct c2d_error *error)
{
    *root = NULL;
    if (text->size == 0 || !json_is_valid(text->data, text->size))
        return fail(error, C2D_PROTOCOL, "the answer is no JSON");
    *root = cJSON_ParseWithLength(text->data, text->size);
    return *root != NULL ? C2D_OK : fail_memory(error);
}

static const char *text_member(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(object, name)); /* without case */
}

static bool number_member(const cJSON *object, const char *name, double max, double *number)
{
    const cJSON *item = cJSON_GetObjectItem(object, name);

    /* Not valueint, which cJSON clamps without a word. */
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= max))
        return false;
    *number = item->valuedouble;
    return true;
}

/* ---- Refusals ---- */

static void copy(char *out, size_t size, const char *text)
{
    if (text != NULL)
        snprintf(out, size, "%s", text);
}

/* {"errorCode":404001,"trackingId":"…","message":"…"} */
static void read_flat_refusal(const cJSON *object, struct hub_refusal *refusal)
{
    double code = 0;

    if (number_member(object, "errorCode", 999999, &code))
        refusal->code = (int)code;
    copy(refusal->message, sizeof refusal->message, text_member(object, "message"));
    copy(refusal->tracking_id, sizeof refusal->tracking_id, text_member(object, "trackingId"));
}

/* "ErrorCode:IotHubUnauthorizedAccess;Unauthorized" */
static void read_text_refusal(const char *message, struct hub_refusal *refusal)
{
    static const char mark[] = "ErrorCode:";
    size_t length;

    if (strncasecmp(message, mark, strlen(mark)) != 0) {
        copy(refusal->message, sizeof refusal->message, message);
        return;
    }
    message += strlen(mark);
    length = strcspn(message, ";");
    if (length < sizeof refusal->name)
        snprintf(refusal->name, sizeof refusal->name, "%.*s", (int)length, message);
    copy(refusal->message, sizeof refusal->message,
         message[length] == ';' ? message + length + 1 : NULL);
}

/* "Tracking ID:<hex>-G:16-TimeStamp:…" */
static void read_tracking_id(const char *text, struct hub_refusal *refusal)
{
    static const char mark[] = "Tracking ID:";

    if (text != NULL && strncasecmp(text, mark, strlen(mark)) == 0) {
        text += strlen(mark);
        snprintf(refusal->tracking_id, sizeof refusal->tracking_id, "%.*s", (int)strcspn(text, "-"),
                 text);
    }
}

void json_read_refusal(const struct buf *body, struct hub_refusal *refusal)
{
    cJSON *root, *nested = NULL;
    struct buf inner = { 0 };
    const char *message;

    parse(body, &root, NULL);
    /* root may be NULL from here on: cJSON finds nothing in it and frees nothing. */
    message = text_member(root, "Message");
    if (message != NULL && buf_text(&inner, message))
        parse(&inner, &nested, NULL);
    buf_clear(&inner);
    *refusal = (struct hub_refusal) { 0 };
    if (cJSON_IsObject(nested))
        read_flat_refusal(nested, refusal);
    else if (cJSON_GetObjectItem(root, "errorCode") != NULL)
        read_flat_refusal(root, refusal);
    else if (message != NULL) {
        read_text_refusal(message, refusal);
        read_tracking_id(text_member(root, "ExceptionMessage"), refusal);
    }
    cJSON_Delete(nested);
    cJSON_Delete(root);
}

/* ---- Feedback ---- */

/* The public batch, and the tree and texts that its pointers lead into. */
struct owned_feedback {
    struct c2d_feedback shown; /* first: its address is the whole's */
    cJSON *tree;
    char *lock_token;
    char **extras; /* one for each record, NULL where there is nothing */
    struct c2d_feedback_record *records;
};

/* The five words in their usual spelling for any case and for the numbers 0-4; others pass. */
static const char *status_word(const cJSON *item)
{
    static const char *const words[] = { "Success", "Expired", "DeliveryCountExceeded", "Rejected",
                                         "Purged" };
    const char *text = cJSON_GetStringValue(item);

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if ((text != NULL && strcasecmp(text, words[i]) == 0)
            || (cJSON_IsNumber(item) && item->valuedouble == (double)i))
            return words[i];
    return text;
}

/* The place in record that item fills; NULL when it is not known, or is of another type. */
static const char **record_place(struct c2d_feedback_record *record, const cJSON *item)
{
    const struct {
        const char *name, **place;
    } places[] = {
        { "originalMessageId", &record->original_message_id },
        { "deviceId", &record->device_id },
        { "deviceGenerationId", &record->device_generation_id },
        { "description", &record->description },
        { "enqueuedTimeUtc", &record->enqueued_time },
    };

    if (strcasecmp(item->string, "statusCode") == 0)
        return status_word(item) == NULL ? NULL : &record->status_code;
    /* Given twice, the first counts; the second is kept among the extras. */
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (strcasecmp(item->string, places[i].name) == 0 && cJSON_IsString(item)
            && *places[i].place == NULL)
            return places[i].place;
    return NULL;
}

/* False without memory. What has no place of its own is kept as text in *extra. */
static bool read_record(const cJSON *object, struct c2d_feedback_record *record, char **extra)
{
    struct buf rest = { 0 };
    const cJSON *item;

    buf_text(&rest, "{");
    cJSON_ArrayForEach(item, object)
    {
        const char **place = record_place(record, item);
        char *text;

        if (place != NULL) {
            *place = place == &record->status_code ? status_word(item) : item->valuestring;
            continue;
        }
        text = cJSON_PrintUnformatted(item);
        json_append_key(&rest, item->string);
        if (text == NULL)
            rest.failed = true;
        else
            json_append_json(&rest, text);
        cJSON_free(text);
    }
    if (!rest.failed && rest.size == 1) {
        buf_clear(&rest);
        return true;
    }
    buf_text(&rest, "}");
    *extra = buf_take(&rest);
    record->extra_json = *extra;
    return *extra != NULL;
}

static enum c2d_status read_records(struct owned_feedback *owned, struct c2d_error *error)
{
    const cJSON *object;
    size_t index = 0;
    size_t count = (size_t)cJSON_GetArraySize(owned->tree);

    /* One more, so that an empty batch asks for no 0 bytes, which may give NULL. */
    owned->extras = calloc(count + 1, sizeof *owned->extras);
    owned->records = calloc(count + 1, sizeof *owned->records);
    if (owned->extras == NULL || owned->records == NULL)
        return fail_memory(error);
    owned->shown.records = owned->records;
    owned->shown.record_count = count;
    cJSON_ArrayForEach(object, owned->tree)
    {
        if (!cJSON_IsObject(object))
            return fail(error, C2D_PROTOCOL, "record %zu of the feedback batch is no JSON object",
                        index + 1);
        if (!read_record(object, &owned->records[index], &owned->extras[index]))
            return fail_memory(error);
        index++;
    }
    return C2D_OK;
}

enum c2d_status json_read_feedback(const struct buf *body, const char *lock_token,
                                   struct c2d_feedback **feedback, struct c2d_error *error)
{
    struct owned_feedback *owned = calloc(1, sizeof *owned);
    enum c2d_status status;

    *feedback = NULL;
    if (owned == NULL)
        return fail_memory(error);
    owned->lock_token = strdup(lock_token);
    owned->shown.lock_token = owned->lock_token;
    status = owned->lock_token != NULL ? parse(body, &owned->tree, error) : fail_memory(error);
    if (status == C2D_OK && !cJSON_IsArray(owned->tree))
        status = fail(error, C2D_PROTOCOL, "the feedback batch is no JSON array");
    if (status == C2D_OK)
        status = read_records(owned, error);
    if (status == C2D_OK)
        *feedback = &owned->shown;
    else
        c2d_feedback_free(&owned->shown);
    return status;
}

void c2d_feedback_free(struct c2d_feedback *feedback)
{
    struct owned_feedback *owned = (struct owned_feedback *)feedback;

    if (owned == NULL)
        return;
    for (size_t i = 0; i < owned->shown.record_count; i++)
        free(owned->extras[i]);
    free(owned->extras);
    free(owned->records);
    free(owned->lock_token);
    cJSON_Delete(owned->tree);
    free(owned);
}

/* ---- Purge and registry ---- */

enum c2d_status json_read_purge(const struct buf *body, int64_t *purged, struct c2d_error *error)
{
    cJSON *root;
    double number = 0;
    enum c2d_status status = parse(body, &root, error);

    if (status == C2D_OK && !number_member(root, "totalMessagesPurged", INT32_MAX, &number))
        status = fail(error, C2D_PROTOCOL, "the answer to purge has no totalMessagesPurged");
    if (status == C2D_OK)
        *purged = (int64_t)number;
    cJSON_Delete(root);
    return status;
}

/* The public facts, and the one block of texts that they point into. */
struct owned_device {
    struct c2d_device_info shown; /* first: its address is the whole's */
    char *texts[5];
};

static enum c2d_status copy_device(const cJSON *root, struct owned_device *owned,
                                   struct c2d_error *error)
{
    static const char *const names[] = { "deviceId", "status", "connectionState",
                                         "lastActivityTime", "generationId" };
    double number = 0;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *text = text_member(root, names[i]);

        owned->texts[i] = text == NULL ? NULL : strdup(text);
        if (text != NULL && owned->texts[i] == NULL)
            return fail_memory(error);
    }
    owned->shown = (struct c2d_device_info) {
        .device_id = owned->texts[0],
        .status = owned->texts[1],
        .connection_state = owned->texts[2],
        .last_activity_time = owned->texts[3],
        .generation_id = owned->texts[4],
        .message_count = -1,
    };
    if (number_member(root, "cloudToDeviceMessageCount", INT32_MAX, &number))
        owned->shown.message_count = (int64_t)number;
    if (owned->shown.device_id == NULL)
        return fail(error, C2D_PROTOCOL, "the registry's answer has no deviceId");
    return C2D_OK;
}

/* cJSON frees without wiping: the keys that the registry sends along are overwritten first. */
static void wipe_texts(cJSON *item) /* NOLINT(misc-no-recursion): parse() limits the depth */
{
    for (; item != NULL; item = item->next) {
        if (item->valuestring != NULL)
            wipe(item->valuestring, strlen(item->valuestring));
        wipe_texts(item->child);
    }
}

enum c2d_status json_read_device(const struct buf *body, struct c2d_device_info **info,
                                 struct c2d_error *error)
{
    struct owned_device *owned = calloc(1, sizeof *owned);
    cJSON *root;
    enum c2d_status status;

    *info = NULL;
    if (owned == NULL)
        return fail_memory(error);
    status = parse(body, &root, error);
    if (status == C2D_OK && !cJSON_IsObject(root))
        status = fail(error, C2D_PROTOCOL, "the registry's answer is no JSON object");
    if (status == C2D_OK)
        status = copy_device(root, owned, error);
    wipe_texts(root);
    cJSON_Delete(root);
    if (status == C2D_OK)
        *info = &owned->shown;
    else
        c2d_device_info_free(&owned->shown);
    return status;
}

void c2d_device_info_free(struct c2d_device_info *info)
{
    struct owned_device *owned = (struct owned_device *)info;

    for (size_t i = 0; owned != NULL && i < sizeof owned->texts / sizeof *owned->texts; i++)
        free(owned->texts[i]);
    free(owned);
}

bool json_append_without_keys(struct buf *out, const struct buf *body)
{
    cJSON *root, *keys;
    bool had_keys = false;
    char *text = NULL;

    parse(body, &root, NULL);

    /* All of them: a member given twice would leave the keys of the second. */
    while ((keys = cJSON_GetObjectItem(root, "authentication")) != NULL) {
        wipe_texts(keys->child);
        cJSON_DeleteItemFromObject(root, "authentication");
        had_keys = true;
    }
    if (cJSON_IsObject(root)
        && (!had_keys || cJSON_AddStringToObject(root, "authentication", "***") != NULL))
        text = cJSON_PrintUnformatted(root);
    if (text != NULL)
        buf_text(out, text);
    cJSON_Delete(root);
    cJSON_free(text);
    return text != NULL;
}
