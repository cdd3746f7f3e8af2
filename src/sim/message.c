/* message: one cloud-to-device message with all that its sender gave and all that the queue notes
 * on it. */
#include "message.h"

#include <stdlib.h>
#include <string.h>

static const char *const ack_names[ACK_COUNT] = { "none", "positive", "negative", "full" };

static const struct {
    const char *header;
    const char *json;
} field_names[FIELD_COUNT] = {
    [FIELD_MESSAGE_ID] = { "messageid", "messageId" },
    [FIELD_CORRELATION_ID] = { "correlationid", "correlationId" },
    [FIELD_USER_ID] = { "userid", "userId" },
    [FIELD_CONTENT_TYPE] = { "contenttype", "contentType" },
    [FIELD_CONTENT_ENCODING] = { "contentencoding", "contentEncoding" },
};

struct message *message_new(void)
{
    return calloc(1, sizeof(struct message));
}

void message_free(struct message *message)
{
    if (message == NULL)
        return;
    for (int i = 0; i < FIELD_COUNT; i++)
        free(message->fields[i]);
    for (size_t i = 0; i < message->property_count; i++) {
        free(message->properties[i].name);
        free(message->properties[i].value);
    }
    free(message->properties);
    free(message->body);
    free(message->raw_headers);
    free(message);
}

bool message_set_field(struct message *message, enum message_field field, const char *text)
{
    free(message->fields[field]);
    message->fields[field] = strdup(text);
    return message->fields[field] != NULL;
}

/* NULL for no bytes and when out of memory. */
static char *copy_bytes(const void *data, size_t size)
{
    char *copy = size > 0 ? malloc(size) : NULL;

    if (copy != NULL)
        memcpy(copy, data, size);
    return copy;
}

bool message_set_body(struct message *message, const void *body, size_t size)
{
    free(message->body);
    message->body = copy_bytes(body, size);
    message->body_size = message->body != NULL ? size : 0;
    return message->body_size == size;
}

bool message_add_property(struct message *message, const char *name, const char *value)
{
    struct message_property property = { strdup(name), strdup(value) };
    struct message_property *properties =
        realloc(message->properties, (message->property_count + 1) * sizeof *properties);

    if (properties != NULL)
        message->properties = properties;
    if (properties == NULL || property.name == NULL || property.value == NULL) {
        free(property.name);
        free(property.value);
        return false;
    }
    properties[message->property_count++] = property;
    return true;
}

struct message *message_copy(const struct message *message)
{
    struct message *copy = message_new();
    bool done = copy != NULL && message_set_body(copy, message->body, message->body_size);

    for (int i = 0; done && i < FIELD_COUNT; i++)
        if (message->fields[i] != NULL)
            done = message_set_field(copy, (enum message_field)i, message->fields[i]);
    for (size_t i = 0; done && i < message->property_count; i++)
        done =
            message_add_property(copy, message->properties[i].name, message->properties[i].value);
    if (done && message->raw_headers != NULL) {
        copy->raw_headers = copy_bytes(message->raw_headers, message->raw_headers_size);
        copy->raw_headers_size = message->raw_headers_size;
        done = copy->raw_headers != NULL;
    }
    if (!done) {
        message_free(copy);
        return NULL;
    }
    copy->ack = message->ack;
    copy->expires_ms = message->expires_ms;
    copy->delivery_count = message->delivery_count;
    return copy;
}

size_t message_size(const struct message *message)
{
    size_t size = message->body_size;

    for (int i = 0; i < FIELD_COUNT; i++)
        if (message->fields[i] != NULL)
            size += strlen(message->fields[i]);
    for (size_t i = 0; i < message->property_count; i++)
        size += strlen(message->properties[i].name) + strlen(message->properties[i].value);
    return size;
}

const char *message_ack_name(enum message_ack ack)
{
    return ack_names[ack];
}

bool message_ack_parse(const char *text, enum message_ack *ack)
{
    for (int i = 0; i < ACK_COUNT; i++) {
        if (strcmp(text, ack_names[i]) == 0) {
            *ack = (enum message_ack)i;
            return true;
        }
    }
    return false;
}

const char *message_field_header(enum message_field field)
{
    return field_names[field].header;
}

const char *message_field_json(enum message_field field)
{
    return field_names[field].json;
}
