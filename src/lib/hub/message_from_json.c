/* Reads a message from a line that message_json.c has written. Turns its members back into headers
 * and reads these as those of a response. */
#include "base/crypto.h"
#include "base/error.h"
#include "base/timestamp.h"
#include "json_read.h"
#include "limits.h"
#include "message.h"

#include <stdio.h>
#include <string.h>

struct reading {
    const struct cJSON *root;
    const struct cJSON *lossy; /* the first item of "lossy" that is not used yet */
    struct http_response response;
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
    static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

    if (strstr(shown, replacement) == NULL)
        return NULL;
    for (const struct cJSON *item = reading->lossy; item != NULL; item = json_next(item))
        if (strcmp(json_name(item), name) == 0) {
            reading->lossy = json_next(item);
            return json_as_text(item);
        }
    return NULL;
}

/* Adds the header for the member of that name; value may be NULL. */
static enum c2d_status add(struct reading *reading, const char *header, const char *name,
                           const char *value)
{
    const char *base64 = value == NULL ? NULL : lossy_bytes(reading, name, value);
    struct buf line = { 0 };
    enum c2d_status status = C2D_OK;

    if (value == NULL)
        return C2D_OK;
    /* As a received line, whose name may hold more characters than one that is sent. */
    buf_format(&line, strcmp(header, "ETag") == 0 ? "%s:\"%s\"" : "%s:%s", header,
               base64 == NULL ? value : "");
    if (base64 != NULL && !base64_decode(&line, base64, strlen(base64)) && !line.failed)
        status = fail_data(reading, "bytes that are not base64");
    else if (line.failed)
        status = fail_memory(reading->error);
    else if (memchr(line.data, '\n', line.size) != NULL)
        status = fail_data(reading, "a line break in a value");
    else
        status = http_headers_add_line(&reading->response.headers, line.data, line.size, true,
                                       reading->error);
    buf_clear(&line);
    return status;
}

static enum c2d_status add_property(struct reading *reading, const char *name, const char *value)
{
    struct buf header = { 0 };
    enum c2d_status status;

    if (name == NULL || value == NULL)
        return fail_data(reading, "a property that is not a text");
    if (buf_format(&header, "%s%s", message_property_prefix, name))
        status = add(reading, header.data, name, value);
    else
        status = fail_memory(reading->error);
    buf_clear(&header);
    return status;
}

static enum c2d_status add_properties(struct reading *reading)
{
    const struct cJSON *pairs = json_member(reading->root, "duplicateProperties");
    const struct cJSON *item =
        json_first(pairs != NULL ? pairs : json_member(reading->root, "properties"));
    enum c2d_status status = C2D_OK;

    for (; status == C2D_OK && item != NULL; item = json_next(item)) {
        const struct cJSON *name = json_first(item);

        if (pairs == NULL)
            status = add_property(reading, json_name(item), json_as_text(item));
        else if (name == NULL)
            status = fail_data(reading, "an item of duplicateProperties that is not a pair");
        else
            status = add_property(reading, json_as_text(name), json_as_text(json_next(name)));
    }
    return status;
}

static enum c2d_status add_system_values(struct reading *reading)
{
    static const struct {
        const char *member, *header;
    } rows[] = {
        { "messageId", "iothub-messageid" },
        { "correlationId", "iothub-correlationid" },
        { "userId", "iothub-userid" },
        { "to", "iothub-to" },
        { "sequenceNumber", "iothub-sequencenumber" },
        { "enqueuedTime", "iothub-enqueuedtime" },
        { "expiryTime", "iothub-expiry" },
        { "ack", "iothub-ack" },
        { "contentType", "iothub-contenttype" },
        { "contentEncoding", "iothub-contentencoding" },
        { "lockToken", "ETag" },
    };
    const struct cJSON *count = json_member(reading->root, "deliveryCount");
    enum c2d_status status = C2D_OK;
    double number;
    char text[32];

    for (size_t i = 0; status == C2D_OK && i < sizeof rows / sizeof *rows; i++)
        status = add(reading, rows[i].header, rows[i].member,
                     json_text_member(reading->root, rows[i].member));
    if (status != C2D_OK || !json_as_number(count, INT32_MAX, &number))
        return status;
    snprintf(text, sizeof text, "%.0f", number);
    return add(reading, "iothub-deliverycount", "deliveryCount", text);
}

static enum c2d_status read_body(struct reading *reading)
{
    const char *encoding = json_text_member(reading->root, "bodyEncoding");
    const char *body = json_text_member(reading->root, "body");
    struct buf *bytes = &reading->response.body;
    double size;
    bool ok;

    if (encoding == NULL || body == NULL)
        return fail_data(reading, "it has no body");
    ok = strcmp(encoding, "base64") == 0 ? base64_decode(bytes, body, strlen(body))
                                         : buf_text(bytes, body);
    if (bytes->failed)
        return fail_memory(reading->error);
    if (!ok || !json_as_number(json_member(reading->root, "bodySize"), HTTP_BODY_SIZE_MAX, &size)
        || (double)bytes->size != size)
        return fail_data(reading, "its body does not match its bodySize");
    return C2D_OK;
}

enum c2d_status c2d_message_from_json(struct c2d_message **message, const char *json, size_t size,
                                      struct c2d_error *error)
{
    struct reading reading = { .error = error };
    const char *device_id, *received;
    struct cJSON *root;
    int64_t received_ms = 0;
    enum c2d_status status;

    *message = NULL;
    error_reset(error);
    if (json == NULL)
        return fail(error, C2D_USAGE, "the JSON is missing (NULL)");
    status = json_parse(json, size, &root, error);
    reading.root = root;
    reading.lossy = json_first(json_member(root, "lossy"));
    device_id = json_text_member(root, "deviceId");
    received = json_text_member(root, "receivedTime");
    if (status == C2D_OK
        && (device_id == NULL || received == NULL || !timestamp_parse(received, &received_ms)))
        status = fail_data(&reading, "it is not a message");
    if (status == C2D_OK)
        status = add_system_values(&reading);
    if (status == C2D_OK)
        status = add_properties(&reading);
    if (status == C2D_OK)
        status = read_body(&reading);
    if (status == C2D_OK)
        status =
            message_from_response(&reading.response, device_id, received_ms / 1000, message, error);
    http_response_clear(&reading.response);
    json_free(root);
    /* For a file it is invalid data, not a protocol error. */
    return status == C2D_PROTOCOL ? fail_data(&reading, "it is not a valid line") : status;
}
