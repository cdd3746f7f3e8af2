/* Writes a received message as one JSON line. */
#include "base/crypto.h"
#include "base/json_write.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "system_property.h"

#include <stdlib.h>
#include <string.h>

static bool is_utf8(const char *text)
{
    return utf8_valid(text, strlen(text));
}

/* True if two names are the same in JSON, where bytes that are not UTF-8 are replaced. Out of
 * memory, line fails. */
static bool same_name(struct buf *line, const char *a, const char *b)
{
    bool same = strcmp(a, b) == 0;

    if (!same && (!is_utf8(a) || !is_utf8(b))) {
        char *shown_a = json_quoted(a, strlen(a)), *shown_b = json_quoted(b, strlen(b));

        if (shown_a == NULL || shown_b == NULL)
            line->failed = true;
        else
            same = strcmp(shown_a, shown_b) == 0;
        free(shown_a);
        free(shown_b);
    }
    return same;
}

/* True if there is a later property of the same name, which overrides this one. */
static bool is_overridden(struct buf *line, const struct c2d_message *message, size_t index)
{
    for (size_t i = index + 1; i < message->property_count; i++)
        if (same_name(line, message->properties[i].name, message->properties[index].name))
            return true;
    return false;
}

static bool append_properties(struct buf *line, const struct c2d_message *message)
{
    bool duplicates = false;

    json_append_key(line, "properties");
    buf_byte(line, '{');
    for (size_t i = 0; i < message->property_count; i++) {
        const struct c2d_property *property = &message->properties[i];

        if (is_overridden(line, message, i)) {
            duplicates = true;
            continue;
        }
        json_append_name(line, property->name);
        json_append_quoted(line, property->value, strlen(property->value));
    }
    buf_byte(line, '}');
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
        buf_byte(line, ',');
        json_append_quoted(line, property->value, strlen(property->value));
        buf_byte(line, ']');
    }
    buf_byte(line, ']');
}

/* Returns a value that is written as text: system properties first, then the others. */
static struct c2d_property value_at(const struct c2d_message *message, size_t index)
{
    if (index >= SYSTEM_PROPERTIES)
        return message->properties[index - SYSTEM_PROPERTIES];
    return (struct c2d_property) {
        .name = system_properties[index].name,
        .value = system_property_get(message, &system_properties[index]),
    };
}

/* True if a value that is not UTF-8 has that name in JSON. */
static bool has_lossy(struct buf *line, const struct c2d_message *message, const char *name)
{
    for (size_t i = 0; i < SYSTEM_PROPERTIES + message->property_count; i++) {
        struct c2d_property value = value_at(message, i);

        if (value.value != NULL && same_name(line, value.name, name) && !is_utf8(value.value))
            return true;
    }
    return false;
}

/* Appends the original bytes of a value that is written with U+FFFD. A property may have the name
 * of a system value, or occur twice. Then values that really hold U+FFFD are appended, too, so that
 * a reader can match them by their order. */
static void append_lossy_value(struct buf *line, const struct c2d_message *message, size_t index,
                               bool *open)
{
    static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
    struct c2d_property value = value_at(message, index);

    if (value.value == NULL
        || (is_utf8(value.value)
            && (strstr(value.value, replacement) == NULL || !has_lossy(line, message, value.name))))
        return;
    if (!*open) {
        json_append_key(line, "lossy");
        buf_byte(line, '{');
        *open = true;
    }
    json_append_name(line, value.name);
    buf_byte(line, '"');
    base64_append(line, value.value, strlen(value.value));
    buf_byte(line, '"');
}

static void append_lossy(struct buf *line, const struct c2d_message *message)
{
    bool open = false;

    for (size_t i = 0; i < SYSTEM_PROPERTIES + message->property_count; i++)
        append_lossy_value(line, message, i, &open);
    if (open)
        buf_byte(line, '}');
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
        buf_byte(line, '"');
        base64_append(line, message->body, message->body_size);
        buf_byte(line, '"');
    }
}

static void append_instant(struct buf *line, const char *key, int64_t seconds)
{
    char text[TIMESTAMP_SIZE];

    timestamp_format(seconds, "Z", text);
    json_append_text(line, key, text);
}

static void append_system_properties(struct buf *line, const struct c2d_message *message)
{
    for (size_t i = 0; i < SYSTEM_PROPERTIES; i++) {
        const struct system_property *property = &system_properties[i];

        /* The order of the keys is part of the format: these two come before the content type. */
        if (property->at == offsetof(struct c2d_message, content_type)) {
            if (message->delivery_count >= 0)
                json_append_number(line, "deliveryCount", message->delivery_count);
            json_append_text(line, "ack", c2d_ack_name(message->ack));
        }
        json_append_text(line, property->name, system_property_get(message, property));
    }
}

static char *write_message(const struct c2d_message *message, bool with_body)
{
    struct buf line = { 0 };
    bool duplicates;

    buf_reserve(&line,
                1000 + (with_body ? message->body_size : 0)); /* mostly the only allocation */
    buf_byte(&line, '{');
    json_append_number(&line, "v", 1);
    append_system_properties(&line, message);
    duplicates = append_properties(&line, message);
    json_append_text(&line, "lockToken", message->lock_token);
    append_instant(&line, "lockDeadline", message->lock_deadline_s);
    append_instant(&line, "receivedTime", message->received_at_s);
    json_append_number(&line, "bodySize", (long long)message->body_size);
    if (with_body)
        append_body(&line, message);
    if (duplicates)
        append_pairs(&line, message);
    append_lossy(&line, message);
    buf_byte(&line, '}');
    return buf_take(&line);
}

char *c2d_message_to_json(const struct c2d_message *message, bool with_body)
{
    return message == NULL ? NULL : write_message(message, with_body);
}
