/* Reads a message to be sent from JSON that people and scripts write. Strict: a misspelled member
 * would be missing in a message that cannot be revoked. */
#include "base/crypto.h"
#include "base/error.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "json_read.h"
#include "limits.h"

#include <stdlib.h>
#include <string.h>

/* The public struct, and the memory that it points to. */
struct owned {
    struct c2d_outgoing shown; /* first, so that both have the same address */
    struct cJSON *tree;
    struct buf body;
    struct c2d_property *properties;
};

struct reading {
    struct owned *owned;
    struct c2d_error *error;
};

/* Reads the value of one member of the table below. */
typedef enum c2d_status read_member(struct reading *reading, const struct cJSON *value);

static enum c2d_status fail_member(const struct reading *reading, const struct cJSON *value,
                                   const char *what)
{
    return fail(reading->error, C2D_DATA, "%.60s %s", json_name(value), what);
}

/* ---- Body ---- */

static enum c2d_status read_body(struct reading *reading, const struct cJSON *value)
{
    struct c2d_message *message = &reading->owned->shown.message;
    const char *text = json_as_text(value);

    if (text == NULL)
        return fail_member(reading, value, "must be a string");
    if (message->body != NULL)
        return fail(reading->error, C2D_DATA, "body and bodyBase64 exclude each other");
    message->body = text;
    message->body_size = strlen(text);
    return C2D_OK;
}

static enum c2d_status read_body_base64(struct reading *reading, const struct cJSON *value)
{
    struct c2d_message *message = &reading->owned->shown.message;
    struct buf *bytes = &reading->owned->body;
    enum c2d_status status = read_body(reading, value);

    if (status != C2D_OK || message->body_size == 0)
        return status;
    if (!base64_decode(bytes, message->body, message->body_size))
        return bytes->failed ? fail_memory(reading->error)
                             : fail_member(reading, value, "is not base64");
    message->body = bytes->data;
    message->body_size = bytes->size;
    return C2D_OK;
}

/* ---- Time to live ---- */

static enum c2d_status set_expiry(struct reading *reading, int64_t *place, int64_t value)
{
    const struct c2d_message *message = &reading->owned->shown.message;

    if (message->expires_at_s != 0 || message->ttl_s != 0)
        return fail(reading->error, C2D_DATA, "expiry and ttl exclude each other");
    *place = value;
    return C2D_OK;
}

static enum c2d_status read_expiry(struct reading *reading, const struct cJSON *value)
{
    const char *text = json_as_text(value);
    int64_t ms;

    if (text == NULL || !timestamp_parse_rfc3339(text, &ms))
        return fail_member(reading, value,
                           "must be a time with its zone, such as 2026-01-31T12:00:00Z");
    ms += 999;
    return set_expiry(reading, &reading->owned->shown.message.expires_at_s, ms / 1000);
}

/* Returns "90", "90s", "10m", "2h" or "1d" in seconds, or -1 for anything else. */
static long long parse_ttl(const char *text)
{
    static const char units[] = "smhd";
    static const int seconds[] = { 1, 60, 3600, 86400 };
    char digits[8];
    size_t size = strspn(text, "0123456789");
    const char *unit = text[size] == '\0' ? units : strchr(units, text[size]);
    long long number;

    if (unit == NULL || (text[size] != '\0' && text[size + 1] != '\0') || size >= sizeof digits)
        return -1;
    memcpy(digits, text, size);
    digits[size] = '\0';
    return text_to_number(digits, LIMIT_EXPIRY_S, &number) ? number * seconds[unit - units] : -1;
}

static enum c2d_status read_ttl(struct reading *reading, const struct cJSON *value)
{
    const char *text = json_as_text(value);
    double number = -1;
    long long ttl_s;

    if (text != NULL)
        ttl_s = parse_ttl(text);
    else
        ttl_s = json_as_number(value, LIMIT_EXPIRY_S, &number) ? (long long)number : -1;
    if (ttl_s < 1 || (text == NULL && (double)ttl_s != number))
        return fail_member(reading, value, "must be whole seconds, or a text such as \"10m\"");
    if (ttl_s > LIMIT_EXPIRY_S)
        return fail_member(reading, value, "may be 2 days at most");
    return set_expiry(reading, &reading->owned->shown.message.ttl_s, ttl_s);
}

/* ---- The other members ---- */

static enum c2d_status read_ack(struct reading *reading, const struct cJSON *value)
{
    enum c2d_ack ack = c2d_ack_from_name(json_as_text(value));

    if (ack == C2D_ACK_UNSET)
        return fail_member(reading, value, "must be none, positive, negative or full");
    reading->owned->shown.message.ack = ack;
    return C2D_OK;
}

static enum c2d_status read_properties(struct reading *reading, const struct cJSON *value)
{
    struct c2d_message *message = &reading->owned->shown.message;
    const struct cJSON *item;
    size_t count = 0;

    if (!json_is_object(value))
        return fail_member(reading, value, "must be an object");
    for (item = json_first(value); item != NULL; item = json_next(item))
        count++;
    reading->owned->properties = calloc(count + 1, sizeof *reading->owned->properties);
    if (reading->owned->properties == NULL)
        return fail_memory(reading->error);
    for (item = json_first(value); item != NULL; item = json_next(item)) {
        if (json_as_text(item) == NULL)
            return fail(reading->error, C2D_DATA, "property '%.60s' must be a string",
                        json_name(item));
        reading->owned->properties[message->property_count++] =
            (struct c2d_property) { json_name(item), json_as_text(item) };
    }
    message->properties = reading->owned->properties;
    return C2D_OK;
}

static const struct {
    const char *name;
    read_member *read; /* NULL: a text, stored at this offset */
    size_t at;
} members[] = {
#define TEXT(member) offsetof(struct c2d_outgoing, member)
    { "deviceId", NULL, TEXT(device_id) },
    { "messageId", NULL, TEXT(message.message_id) },
    { "correlationId", NULL, TEXT(message.correlation_id) },
    { "userId", NULL, TEXT(message.user_id) },
    { "contentType", NULL, TEXT(message.content_type) },
    { "contentEncoding", NULL, TEXT(message.content_encoding) },
    { "body", read_body, 0 },
    { "bodyBase64", read_body_base64, 0 },
    { "expiry", read_expiry, 0 },
    { "ttl", read_ttl, 0 },
    { "ack", read_ack, 0 },
    { "properties", read_properties, 0 },
};
enum { MEMBERS = sizeof members / sizeof *members };

static enum c2d_status read_member_at(struct reading *reading, size_t row,
                                      const struct cJSON *value)
{
    const char **place = (const char **)(void *)((char *)&reading->owned->shown + members[row].at);

    if (members[row].read != NULL)
        return members[row].read(reading, value);
    *place = json_as_text(value);
    return *place != NULL ? C2D_OK : fail_member(reading, value, "must be a string");
}

static enum c2d_status read_members(struct reading *reading)
{
    bool seen[MEMBERS] = { false };
    enum c2d_status status = C2D_OK;
    const struct cJSON *value = json_first(reading->owned->tree);

    for (; status == C2D_OK && value != NULL; value = json_next(value)) {
        size_t row = 0;

        while (row < MEMBERS && strcmp(members[row].name, json_name(value)) != 0)
            row++;
        if (row == MEMBERS)
            return fail(reading->error, C2D_DATA, "'%.60s' is not a member of a message",
                        json_name(value));
        if (seen[row])
            return fail_member(reading, value, "is given twice");
        seen[row] = true;
        status = read_member_at(reading, row, value);
    }
    return status;
}

enum c2d_status c2d_outgoing_from_json(struct c2d_outgoing **outgoing, const char *json,
                                       size_t size, struct c2d_error *error)
{
    struct owned *owned = calloc(1, sizeof *owned);
    struct reading reading = { .owned = owned, .error = error };
    enum c2d_status status;

    *outgoing = NULL;
    error_reset(error);
    if (owned == NULL)
        return fail_memory(error);
    if (json == NULL) {
        free(owned);
        return fail(error, C2D_USAGE, "the JSON is missing (NULL)");
    }
    status = json_parse(json, size, &owned->tree, error);
    if (status == C2D_PROTOCOL) {
        hint(error, "each line holds one whole object: jq -c . FILE writes it so");
        status = fail(
            error, C2D_DATA,
            "not valid JSON: one object in valid UTF-8, without \\u0000, and nothing after it");
    }
    if (status == C2D_OK && !json_is_object(owned->tree))
        status = fail(error, C2D_DATA, "JSON, but not an object");
    else if (status == C2D_OK)
        status = read_members(&reading);
    if (status == C2D_OK)
        *outgoing = &owned->shown;
    else
        c2d_outgoing_free(&owned->shown);
    return status;
}

void c2d_outgoing_free(struct c2d_outgoing *outgoing)
{
    struct owned *owned = (struct owned *)outgoing;

    if (owned == NULL)
        return;
    json_free(owned->tree);
    buf_clear(&owned->body);
    free(owned->properties);
    free(owned);
}
