/* Names are compared without case, and all members may be missing: hubs have changed both. */
#include "hub_refusal.h"

#include "base/text.h"
#include "json_read.h"

#include <stdio.h>
#include <string.h>

/* A hub's code begins with an HTTP status; other numbers come from elsewhere. */
enum { CODE_MIN = 400000, CODE_MAX = 599999 };

static void copy(char *out, size_t size, const char *text)
{
    if (text != NULL)
        snprintf(out, size, "%s", text);
}

/* code: CODE_MAX at most. */
static void set_code(struct hub_refusal *refusal, double code)
{
    if (code >= CODE_MIN)
        refusal->code = (int)code;
}

/* Reads "<hex>-G:16-TimeStamp:10/18/2022 20:50:39", of which both suffixes may be missing. */
static void read_tracking_id(const char *text, struct hub_refusal *refusal)
{
    static const char group[] = "-G:", stamp[] = "-TimeStamp:";
    const char *group_at = text == NULL ? NULL : strstr(text, group);
    const char *stamp_at = text == NULL ? NULL : strstr(text, stamp);
    const char *end = group_at != NULL ? group_at : stamp_at;

    if (text == NULL)
        return;
    snprintf(refusal->tracking_id, sizeof refusal->tracking_id, "%.*s",
             (int)(end == NULL ? strcspn(text, " ") : (size_t)(end - text)), text);
    if (stamp_at != NULL)
        copy(refusal->time, sizeof refusal->time, stamp_at + strlen(stamp));
}

/* {"errorCode":404001,"trackingId":"…","message":"…","timestampUtc":"…"} */
static void read_flat_refusal(const struct cJSON *object, struct hub_refusal *refusal)
{
    const struct cJSON *code = json_member(object, "errorCode");
    long long text_number = 0;
    double number = 0;

    /* A number, or a number in a string; other texts are not codes of a hub. */
    if (json_as_number(code, CODE_MAX, &number))
        set_code(refusal, number);
    else if (json_as_text(code) != NULL
             && text_to_number(json_as_text(code), CODE_MAX, &text_number))
        set_code(refusal, (double)text_number);
    copy(refusal->message, sizeof refusal->message, json_text_member(object, "message"));
    read_tracking_id(json_text_member(object, "trackingId"), refusal);
    copy(refusal->time, sizeof refusal->time, json_text_member(object, "timestampUtc"));
}

/* "ErrorCode:IotHubUnauthorizedAccess;Unauthorized" */
static void read_text_refusal(const char *message, struct hub_refusal *refusal)
{
    static const char mark[] = "ErrorCode:";
    size_t length;

    if (!text_begins_nocase(message, mark)) {
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
static void read_exception_message(const char *text, struct hub_refusal *refusal)
{
    static const char mark[] = "Tracking ID:";

    if (text != NULL && text_begins_nocase(text, mark))
        read_tracking_id(text + strlen(mark), refusal);
}

void hub_refusal_read(const struct buf *body, struct hub_refusal *refusal)
{
    struct cJSON *root, *nested = NULL;
    const struct cJSON *object;
    const char *message;

    json_parse(body->data, body->size, &root, NULL);
    /* root may be NULL from here on, which the functions of json_read.h accept. */
    message = json_text_member(root, "Message");
    if (message != NULL)
        json_parse(message, strlen(message), &nested, NULL);
    *refusal = (struct hub_refusal) { 0 };
    object = message != NULL ? nested : json_member(root, "Message");
    if (json_is_object(object))
        read_flat_refusal(object, refusal);
    else if (json_member(root, "errorCode") != NULL)
        read_flat_refusal(root, refusal);
    else if (message != NULL) {
        read_text_refusal(message, refusal);
        read_exception_message(json_text_member(root, "ExceptionMessage"), refusal);
    }
    json_free(nested);
    json_free(root);
}
