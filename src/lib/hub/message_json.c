/* Writes a received message as one JSON line. */
#include "base/crypto.h"
#include "base/json_write.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "c2d.h"

#include <stdlib.h>
#include <string.h>

enum { VALUE_LISTS = 3 };

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool is_utf8(const char *text)
{
    return utf8_valid(text, strlen(text));
}

/* True if two names are the same in JSON, where bytes that are not UTF-8 are replaced. */
static bool same_name(const char *a, const char *b)
{
    bool same = strcmp(a, b) == 0;

    if (!same && (!is_utf8(a) || !is_utf8(b))) {
        char *shown_a = json_quoted(a, strlen(a)), *shown_b = json_quoted(b, strlen(b));

        same = shown_a != NULL && shown_b != NULL && strcmp(shown_a, shown_b) == 0;
        free(shown_a);
        free(shown_b);
    }
    return same;
}

/* True if there is a later property of the same name, which overrides this one. */
static bool is_overridden(const struct c2d_message *message, size_t index)
{
    for (size_t i = index + 1; i < message->property_count; i++)
        if (same_name(message->properties[i].name, message->properties[index].name))
            return true;
    return false;
}

static bool append_properties(struct buf *line, const struct c2d_message *message)
{
    bool duplicates = false;

    json_append_key(line, "properties");
    buf_text(line, "{");
    for (size_t i = 0; i < message->property_count; i++) {
        const struct c2d_property *property = &message->properties[i];

        if (is_overridden(message, i)) {
            duplicates = true;
            continue;
        }
        json_append_name(line, property->name);
        json_append_quoted(line, property->value, strlen(property->value));
    }
    buf_text(line, "}");
    return duplicates;
}

/* Appends all pairs in their order: the object has only the last one of each name. */
static void append_pairs(struct buf *line, const struct c2d_message *message)
{
    json_append_key(line, "duplicateProperties");
    for (size_t i = 0; i < message->property_count; i++) {
        const struct c2d_property *property = &message->properties[i];

        buf_text(line, i == 0 ? "[[" : ",[");
        json_append_quoted(line, property->name, strlen(property->name));
        buf_text(line, ",");
        json_append_quoted(line, property->value, strlen(property->value));
        buf_text(line, "]");
    }
    buf_text(line, "]");
}

/* All values that are written as text: system values first, then properties. */
struct values {
    const struct c2d_property *items[VALUE_LISTS];
    size_t counts[VALUE_LISTS];
};

/* True if there is a value of that name that is not UTF-8. */
static bool has_lossy(const struct values *values, const char *name)
{
    for (size_t k = 0; k < VALUE_LISTS; k++)
        for (size_t i = 0; i < values->counts[k]; i++) {
            const struct c2d_property *value = &values->items[k][i];

            if (value->value != NULL && strcmp(value->name, name) == 0 && !is_utf8(value->value))
                return true;
        }
    return false;
}

/* Appends the original bytes of a value that is written with U+FFFD. A property may have the name
 * of a system value, or occur twice. Then values that really hold U+FFFD are appended, too, so that
 * a reader can match them by their order. */
static void append_lossy_value(struct buf *line, const struct values *values,
                               const struct c2d_property *value, bool *open)
{
    static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

    if (value->value == NULL
        || (is_utf8(value->value)
            && (strstr(value->value, replacement) == NULL || !has_lossy(values, value->name))))
        return;
    if (!*open) {
        json_append_key(line, "lossy");
        buf_text(line, "{");
        *open = true;
    }
    json_append_name(line, value->name);
    buf_text(line, "\"");
    base64_append(line, value->value, strlen(value->value));
    buf_text(line, "\"");
}

static void append_lossy(struct buf *line, const struct values *values)
{
    bool open = false;

    for (size_t k = 0; k < VALUE_LISTS; k++)
        for (size_t i = 0; i < values->counts[k]; i++)
            append_lossy_value(line, values, &values->items[k][i], &open);
    if (open)
        buf_text(line, "}");
}

static void append_body(struct buf *line, const struct c2d_message *message)
{
    /* NUL is valid UTF-8, but many JSON readers end a text there. */
    bool text = message->body_size == 0
                || (memchr(message->body, '\0', message->body_size) == NULL
                    && utf8_valid(message->body, message->body_size));

    json_append_text(line, "bodyEncoding", text ? "utf8" : "base64");
    json_append_key(line, "body");
    if (text) {
        json_append_quoted(line, message->body_size == 0 ? "" : message->body, message->body_size);
    } else {
        buf_text(line, "\"");
        base64_append(line, message->body, message->body_size);
        buf_text(line, "\"");
    }
}

static void append_instant(struct buf *line, const char *key, int64_t seconds)
{
    char text[TIMESTAMP_SIZE];

    timestamp_format(seconds, "Z", text);
    json_append_text(line, key, text);
}

static char *write_message(const struct c2d_message *message, bool with_body)
{
    /* The order of the keys is part of the format: deliveryCount comes between these tables. */
    const struct c2d_property before_count[] = {
        { "deviceId", message->device_id },
        { "messageId", message->message_id },
        { "correlationId", message->correlation_id },
        { "userId", message->user_id },
        { "to", message->to },
        { "sequenceNumber", message->sequence_number },
        { "enqueuedTime", message->enqueued_time },
        { "expiryTime", message->expiry_time },
    };
    const struct c2d_property after_count[] = {
        { "ack", c2d_ack_name(message->ack) },
        { "contentType", message->content_type },
        { "contentEncoding", message->content_encoding },
    };
    const struct values values = {
        { before_count, after_count, message->properties },
        { COUNT(before_count), COUNT(after_count), message->property_count },
    };
    struct buf line = { 0 };
    bool duplicates;

    buf_reserve(&line,
                1000 + (with_body ? message->body_size : 0)); /* mostly the only allocation */
    buf_text(&line, "{");
    json_append_number(&line, "v", 1);
    for (size_t i = 0; i < COUNT(before_count); i++)
        json_append_text(&line, before_count[i].name, before_count[i].value);
    if (message->delivery_count >= 0)
        json_append_number(&line, "deliveryCount", message->delivery_count);
    for (size_t i = 0; i < COUNT(after_count); i++)
        json_append_text(&line, after_count[i].name, after_count[i].value);
    duplicates = append_properties(&line, message);
    json_append_text(&line, "lockToken", message->lock_token);
    append_instant(&line, "lockDeadline", message->lock_deadline_s);
    append_instant(&line, "receivedTime", message->received_at_s);
    json_append_number(&line, "bodySize", (long long)message->body_size);
    if (with_body)
        append_body(&line, message);
    if (duplicates)
        append_pairs(&line, message);
    append_lossy(&line, &values);
    buf_text(&line, "}");
    return buf_take(&line);
}

char *c2d_message_to_json(const struct c2d_message *message, bool with_body)
{
    return message == NULL ? NULL : write_message(message, with_body);
}
