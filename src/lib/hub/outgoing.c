/* Reads a message to be sent from JSON that people and scripts write. Strict: a misspelled member
 * would be missing in a message that cannot be revoked. */
#include "base/crypto.h"
#include "base/error.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "json_read.h"
#include "limits.h"
#include "system_property.h"

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

/* Reads the value of one member. */
typedef enum c2d_status read_member(struct reading *reading, const struct cJSON *value);

static enum c2d_status fail_member(const struct reading *reading, const struct cJSON *value,
                                   const char *what)
{
    return fail(reading->error, C2D_DATA, "%.60s %s", json_name(value), what);
}

static enum c2d_status read_text(const struct reading *reading, const struct cJSON *value,
                                 const char **text)
{
    *text = json_as_text(value);
    return *text != NULL ? C2D_OK : fail_member(reading, value, "must be a string");
}

/* ---- Body ---- */

static enum c2d_status read_body(struct reading *reading, const struct cJSON *value)
{
    struct c2d_message *message = &reading->owned->shown.message;
    const char *text;
    enum c2d_status status = read_text(reading, value, &text);

    if (status != C2D_OK)
        return status;
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

    if (!json_is_object(value))
        return fail_member(reading, value, "must be an object");
    reading->owned->properties = calloc(json_count(value) + 1, sizeof *reading->owned->properties);
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

static enum c2d_status read_device_id(struct reading *reading, const struct cJSON *value)
{
    return read_text(reading, value, &reading->owned->shown.device_id);
}

/* The members that are not in the table of system properties. */
static const struct {
    const char *name;
    read_member *read;
} members[] = {
    { "deviceId", read_device_id },    { "body", read_body }, { "bodyBase64", read_body_base64 },
    { "expiry", read_expiry },         { "ttl", read_ttl },   { "ack", read_ack },
    { "properties", read_properties },
};

static enum c2d_status read_known_member(struct reading *reading, const struct cJSON *value)
{
    const char *name = json_name(value), *text;

    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (strcmp(members[i].name, name) == 0)
            return members[i].read(reading, value);
    for (size_t i = 0; i < SYSTEM_PROPERTIES; i++)
        if (system_properties[i].what != NULL && strcmp(system_properties[i].name, name) == 0) {
            enum c2d_status status = read_text(reading, value, &text);

            system_property_set(&reading->owned->shown.message, &system_properties[i], text);
            return status;
        }
    return fail(reading->error, C2D_DATA, "'%.60s' is not a member of a message", name);
}

static enum c2d_status read_members(struct reading *reading)
{
    const struct cJSON *first = json_first(reading->owned->tree);
    enum c2d_status status = C2D_OK;

    for (const struct cJSON *value = first; status == C2D_OK && value != NULL;
         value = json_next(value)) {
        /* Few: an unknown member ends the loop. */
        for (const struct cJSON *earlier = first; earlier != value; earlier = json_next(earlier))
            if (strcmp(json_name(earlier), json_name(value)) == 0)
                return fail_member(reading, value, "is given twice");
        status = read_known_member(reading, value);
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
