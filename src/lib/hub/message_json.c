/* Writes a received message as one JSON line. */
#include "base/crypto.h"
#include "base/json_write.h"
#include "base/text.h"
#include "base/text_set.h"
#include "base/timestamp.h"
#include "system_property.h"

#include <stdlib.h>
#include <string.h>

static bool is_utf8(const char *text)
{
    return utf8_valid(text, strlen(text));
}

/* The name of a property as a reader of the JSON sees it. */
struct shown_name {
    char *text;
    bool is_overridden; /* a later property has the same name */
};

struct writing {
    const struct c2d_message *message;
    struct buf line;
    struct shown_name *names; /* of all properties */
    struct text_set lossy;    /* names of the values that are not UTF-8, once they are needed */
};

/* ---- Names ---- */

/* Returns text with U+FFFD in place of each byte that is not UTF-8. */
static char *show(const char *text)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + strlen(text);
    struct buf shown = { 0 };
    unsigned code;

    if (is_utf8(text))
        return strdup(text);
    while (at < end) {
        size_t length = utf8_sequence(at, (size_t)(end - at), &code);

        buf_append(&shown, length > 0 ? at : (const unsigned char *)UTF8_REPLACEMENT,
                   length > 0 ? length : strlen(UTF8_REPLACEMENT));
        at += length > 0 ? length : 1;
    }
    return buf_take(&shown);
}

/* False: out of memory. */
static bool read_names(struct writing *writing)
{
    size_t count = writing->message->property_count;
    struct text_set later = { 0 };
    bool ok;

    if (count == 0)
        return true;
    writing->names = calloc(count, sizeof *writing->names);
    ok = writing->names != NULL && text_set_reserve(&later, count);
    for (size_t i = count; ok && i > 0; i--) {
        struct shown_name *name = &writing->names[i - 1];

        name->text = show(writing->message->properties[i - 1].name);
        ok = name->text != NULL;
        name->is_overridden = ok && !text_set_add(&later, name->text);
    }
    text_set_clear(&later);
    return ok;
}

static void clear_names(struct writing *writing)
{
    for (size_t i = 0; writing->names != NULL && i < writing->message->property_count; i++)
        free(writing->names[i].text);
    free(writing->names);
    text_set_clear(&writing->lossy);
}

/* ---- Properties ---- */

static bool append_properties(struct writing *writing)
{
    const struct c2d_message *message = writing->message;
    struct buf *line = &writing->line;
    bool duplicates = false;

    json_append_key(line, "properties");
    buf_byte(line, '{');
    for (size_t i = 0; i < message->property_count; i++) {
        const struct c2d_property *property = &message->properties[i];

        if (writing->names[i].is_overridden) {
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

/* ---- Values that are not UTF-8 ---- */

/* Returns a value that is written as text: system properties first, then the others. The name is as
 * a reader sees it. */
static struct c2d_property value_at(const struct writing *writing, size_t index)
{
    const struct c2d_message *message = writing->message;
    size_t at = index - SYSTEM_PROPERTIES;

    if (index >= SYSTEM_PROPERTIES)
        return (struct c2d_property) { writing->names[at].text, message->properties[at].value };
    return (struct c2d_property) {
        .name = system_properties[index].name,
        .value = system_property_get(message, &system_properties[index]),
    };
}

static size_t value_count(const struct writing *writing)
{
    return SYSTEM_PROPERTIES + writing->message->property_count;
}

/* False: out of memory. */
static bool read_lossy(struct writing *writing)
{
    if (!text_set_reserve(&writing->lossy, value_count(writing)))
        return false;
    for (size_t i = 0; i < value_count(writing); i++) {
        struct c2d_property value = value_at(writing, i);

        if (value.value != NULL && !is_utf8(value.value))
            text_set_add(&writing->lossy, value.name);
    }
    return true;
}

/* True if a value that is not UTF-8 has that name in JSON. */
static bool has_lossy(struct writing *writing, const char *name)
{
    struct text_set *lossy = &writing->lossy;

    if (lossy->slots == NULL && !read_lossy(writing))
        writing->line.failed = true;
    return text_set_has(lossy, name);
}

/* Appends the original bytes of a value that is written with U+FFFD. A property may have the name
 * of a system value, or occur twice. Then values that really hold U+FFFD are appended, too, so that
 * a reader can match them by their order. */
static void append_lossy_value(struct writing *writing, size_t index, bool *open)
{
    struct c2d_property value = value_at(writing, index);
    struct buf *line = &writing->line;

    if (value.value == NULL
        || (is_utf8(value.value)
            && (strstr(value.value, UTF8_REPLACEMENT) == NULL || !has_lossy(writing, value.name))))
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

static void append_lossy(struct writing *writing)
{
    bool open = false;

    for (size_t i = 0; i < value_count(writing); i++)
        append_lossy_value(writing, i, &open);
    if (open)
        buf_byte(&writing->line, '}');
}

/* ---- The line ---- */

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

static void append_members(struct writing *writing, bool with_body)
{
    const struct c2d_message *message = writing->message;
    struct buf *line = &writing->line;
    bool duplicates;

    buf_byte(line, '{');
    json_append_number(line, "v", 1);
    append_system_properties(line, message);
    duplicates = append_properties(writing);
    json_append_text(line, "lockToken", message->lock_token);
    append_instant(line, "lockDeadline", message->lock_deadline_s);
    append_instant(line, "receivedTime", message->received_at_s);
    json_append_number(line, "bodySize", (long long)message->body_size);
    if (with_body)
        append_body(line, message);
    if (duplicates)
        append_pairs(line, message);
    append_lossy(writing);
    buf_byte(line, '}');
}

char *c2d_message_to_json(const struct c2d_message *message, bool with_body)
{
    struct writing writing = { .message = message };

    if (message == NULL)
        return NULL;
    buf_reserve(&writing.line,
                1000 + (with_body ? message->body_size : 0)); /* mostly the only allocation */
    if (read_names(&writing))
        append_members(&writing, with_body);
    else
        writing.line.failed = true;
    clear_names(&writing);
    return buf_take(&writing.line);
}
