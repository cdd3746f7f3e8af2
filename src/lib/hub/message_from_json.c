/* Reads a message from a line that message_json.c has written. */
#include "base/crypto.h"
#include "base/error.h"
#include "base/text.h"
#include "json_read.h"
#include "message.h"
#include "system_property.h"

#include <stdlib.h>
#include <string.h>

struct reading {
    const struct cJSON *root;
    const struct cJSON *lossy; /* the first item of "lossy" that is not used yet */
    struct received *received;
    struct c2d_error *error;
};

static enum c2d_status fail_data(const struct reading *reading, const char *what)
{
    return fail(reading->error, C2D_DATA, "cannot read a message from JSON: %s", what);
}

/* Returns the original bytes, in base64, of a value that is not UTF-8, or NULL. Items of one name
 * are in the order of their values. */
static const char *lossy_bytes(struct reading *reading, const char *name, const char *shown)
{
    if (strstr(shown, UTF8_REPLACEMENT) == NULL)
        return NULL;
    for (const struct cJSON *item = reading->lossy; item != NULL; item = json_next(item))
        if (strcmp(json_name(item), name) == 0) {
            reading->lossy = json_next(item);
            return json_as_text(item);
        }
    return NULL;
}

/* Copies text, or the bytes in base64 unless that is NULL, and sets *copy to it. */
static enum c2d_status copy_text(struct reading *reading, const char *text, const char *base64,
                                 const char **copy)
{
    struct buf *bytes = &reading->received->bytes;
    size_t start = bytes->size;

    *copy = NULL;
    if (base64 == NULL)
        buf_text(bytes, text);
    else if (!base64_decode(bytes, base64, strlen(base64)))
        return fail_data(reading, "bytes that are not base64");
    buf_byte(bytes, '\0');
    *copy = bytes->data + start;
    /* It was in a header line, which can hold neither. */
    if (strchr(*copy, '\n') != NULL)
        return fail_data(reading, "a line break in a value");
    if (start + strlen(*copy) + 1 != bytes->size)
        return fail_data(reading, "it is not a valid line");
    return C2D_OK;
}

/* ---- Properties ---- */

static enum c2d_status read_property(struct reading *reading, const char *name, const char *value)
{
    struct c2d_message *message = &reading->received->message;
    struct c2d_property *property = &reading->received->properties[message->property_count];
    enum c2d_status status;

    if (name == NULL || value == NULL)
        return fail_data(reading, "a property that is not a text");
    if (*name == '\0')
        return fail_data(reading, "a property without a name");
    status = copy_text(reading, name, NULL, &property->name);
    if (status == C2D_OK)
        status = copy_text(reading, value, lossy_bytes(reading, name, value), &property->value);
    message->property_count += status == C2D_OK;
    return status;
}

static enum c2d_status read_properties(struct reading *reading)
{
    const struct cJSON *pairs = json_member(reading->root, "duplicateProperties");
    const struct cJSON *list = pairs != NULL ? pairs : json_member(reading->root, "properties");
    const struct cJSON *item = json_first(list);
    enum c2d_status status = C2D_OK;

    if (json_count(list) > HTTP_HEADERS_MAX)
        return fail_data(reading, "it is not a valid line");
    reading->received->properties =
        calloc(json_count(list) + 1, sizeof *reading->received->properties);
    if (reading->received->properties == NULL)
        return fail_memory(reading->error);
    reading->received->message.properties = reading->received->properties;
    for (; status == C2D_OK && item != NULL; item = json_next(item)) {
        const struct cJSON *name = json_first(item);

        if (pairs == NULL)
            status = read_property(reading, json_name(item), json_as_text(item));
        else if (name == NULL)
            status = fail_data(reading, "an item of duplicateProperties that is not a pair");
        else
            status = read_property(reading, json_as_text(name), json_as_text(json_next(name)));
    }
    return status;
}

static enum c2d_status read_system_properties(struct reading *reading)
{
    struct c2d_message *message = &reading->received->message;
    enum c2d_status status = C2D_OK;
    double count = -1;

    for (size_t i = 0; status == C2D_OK && i < SYSTEM_PROPERTIES; i++) {
        const char *name = system_properties[i].name, *copy;
        const char *text = json_text_member(reading->root, name);

        if (text == NULL || *text == '\0')
            continue;
        status = copy_text(reading, text, lossy_bytes(reading, name, text), &copy);
        system_property_set(message, &system_properties[i], copy);
    }
    message->ack = c2d_ack_from_name(json_text_member(reading->root, "ack"));
    (void)json_as_number(json_member(reading->root, "deliveryCount"), INT32_MAX, &count);
    message->delivery_count = (int)count;
    return status;
}

static enum c2d_status read_lock_token(struct reading *reading)
{
    const char *token = json_text_member(reading->root, "lockToken");

    if (token == NULL || !message_is_lock_token(token))
        return fail_data(reading, "it is not a valid line");
    return copy_text(reading, token, NULL, &reading->received->message.lock_token);
}

/* ---- The line ---- */

static enum c2d_status read_body(struct reading *reading)
{
    const char *encoding = json_text_member(reading->root, "bodyEncoding");
    const char *body = json_text_member(reading->root, "body");
    struct c2d_message *message = &reading->received->message;
    struct buf *bytes = &reading->received->bytes;
    size_t start = bytes->size;
    double size;
    bool ok;

    if (encoding == NULL || body == NULL)
        return fail_data(reading, "it has no body");
    ok = strcmp(encoding, "base64") == 0 ? base64_decode(bytes, body, strlen(body))
                                         : buf_text(bytes, body);
    message->body = bytes->data + start;
    message->body_size = bytes->size - start;
    if (!ok || !json_as_number(json_member(reading->root, "bodySize"), HTTP_BODY_SIZE_MAX, &size)
        || (double)message->body_size != size)
        return fail_data(reading, "its body does not match its bodySize");
    return C2D_OK;
}

static enum c2d_status read_line(struct reading *reading)
{
    const char *device_id = json_text_member(reading->root, "deviceId");
    const char *received = json_text_member(reading->root, "receivedTime");
    const struct cJSON *lossy = json_member(reading->root, "lossy");
    int64_t received_ms = 0;
    enum c2d_status status;

    if (device_id == NULL || *device_id == '\0' || !c2d_time_parse(received, &received_ms))
        return fail_data(reading, "it is not a message");
    if (json_is_object(lossy))
        reading->lossy = json_first(lossy);
    status = read_system_properties(reading);
    if (status == C2D_OK)
        status = read_properties(reading);
    if (status == C2D_OK)
        status = read_lock_token(reading);
    if (status == C2D_OK)
        status = read_body(reading);
    message_set_times(&reading->received->message, received_ms / 1000);
    return status;
}

enum c2d_status c2d_message_from_json(struct c2d_message **message, const char *json, size_t size,
                                      struct c2d_error *error)
{
    struct reading reading = { .error = error };
    struct cJSON *root = NULL;
    enum c2d_status status;

    *message = NULL;
    error_reset(error);
    if (json == NULL)
        return fail(error, C2D_USAGE, "the JSON is missing (NULL)");
    reading.received = calloc(1, sizeof *reading.received);
    if (reading.received == NULL)
        return fail_memory(error);
    /* The texts of a line are shorter than the line, so that appending cannot fail. The limit keeps
     * the bytes from moving: the message points into them. */
    reading.received->bytes.limit = size;
    status = buf_reserve(&reading.received->bytes, size) == NULL
                 ? fail_memory(error)
                 : json_parse(json, size, &root, error);
    reading.root = root;
    if (status == C2D_OK)
        status = read_line(&reading);
    else if (status == C2D_PROTOCOL)
        status = fail_data(&reading, "it is not a valid line");
    json_free(root);
    if (status == C2D_OK)
        *message = &reading.received->message;
    else
        c2d_message_free(&reading.received->message);
    return status;
}
