/* A received message as one JSON line. */
#include "c2d.h"
#include "crypto.h"
#include "json_write.h"
#include "text.h"
#include "timestamp.h"

#include <string.h>

static bool is_utf8(const char *text)
{
    return utf8_valid(text, strlen(text));
}

/* Is there a later property of the same name? Then that one stands. */
static bool is_overridden(const struct c2d_message *message, size_t index)
{
    for (size_t i = index + 1; i < message->property_count; i++)
        if (strcmp(message->properties[i].name, message->properties[index].name) == 0)
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

/* All pairs in the order they came: the object shows only the last one of a name. */
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

/* The bytes behind a value that had to be shown with U+FFFD, so that nothing is lost. */
static void append_lossy(struct buf *line, const struct c2d_property *value, bool *open)
{
    if (value->value == NULL || is_utf8(value->value))
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

static void append_body(struct buf *line, const struct c2d_message *message)
{
    /* A NUL is valid UTF-8, but many readers of JSON end a text at it. */
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

char *c2d_message_to_json(const struct c2d_message *message, bool with_body)
{
    /* The order of the keys is part of the format: a number stands between these two tables. */
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
    enum { BEFORE = sizeof before_count / sizeof *before_count };
    enum { AFTER = sizeof after_count / sizeof *after_count };
    struct buf line = { 0 };
    bool open = false, duplicates;

    buf_reserve(&line, 1000 + (with_body ? message->body_size : 0)); /* mostly the only one */
    buf_text(&line, "{");
    json_append_number(&line, "v", 1);
    for (size_t i = 0; i < BEFORE; i++)
        json_append_text(&line, before_count[i].name, before_count[i].value);
    if (message->delivery_count >= 0)
        json_append_number(&line, "deliveryCount", message->delivery_count);
    for (size_t i = 0; i < AFTER; i++)
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
    for (size_t i = 0; i < BEFORE; i++)
        append_lossy(&line, &before_count[i], &open);
    for (size_t i = 0; i < AFTER; i++)
        append_lossy(&line, &after_count[i], &open);
    for (size_t i = 0; i < message->property_count; i++)
        if (!is_overridden(message, i))
            append_lossy(&line, &message->properties[i], &open);
    if (open)
        buf_text(&line, "}");
    buf_text(&line, "}");
    return buf_take(&line);
}
