/* Converts messages to and from HTTP headers. */
#include "message.h"

#include "base/error.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "ids.h"
#include "system_property.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The prefix of headers that are application properties. */
static const char property_prefix[] = "iothub-app-";

static const char *const ack_words[] = {
    [C2D_ACK_NONE] = "none",
    [C2D_ACK_POSITIVE] = "positive",
    [C2D_ACK_NEGATIVE] = "negative",
    [C2D_ACK_FULL] = "full",
};

const char *c2d_ack_name(enum c2d_ack ack)
{
    return ack > C2D_ACK_UNSET && ack <= C2D_ACK_FULL ? ack_words[ack] : NULL;
}

enum c2d_ack c2d_ack_from_name(const char *name)
{
    for (int ack = C2D_ACK_NONE; name != NULL && ack <= C2D_ACK_FULL; ack++)
        if (strcmp(ack_words[ack], name) == 0)
            return (enum c2d_ack)ack;
    return C2D_ACK_UNSET;
}

/* ---- Received ---- */

/* Also returns NULL for an empty value: hubs send unset system headers empty. */
static const char *get(const struct http_headers *headers, const char *name)
{
    const char *value = http_headers_get(headers, name);

    return value == NULL || *value == '\0' ? NULL : value;
}

/* Depending on the api-version, hubs spell the headers of the payload in one of three ways. That of
 * HTTP is read last: a middlebox may have added it. */
static const char *read_property(const struct http_headers *headers,
                                 const struct system_property *property)
{
    const char *value = NULL;

    for (size_t i = 0; value == NULL && i < 3 && property->headers[i] != NULL; i++)
        value = get(headers, property->headers[i]);
    return value;
}

bool message_is_lock_token(const char *token)
{
    return strstr(token, "\",") == NULL && ids_check_lock_token(token, NULL) == C2D_OK;
}

/* Removes a mark from both ends of value, in place. Returns NULL if it is not there. */
static char *between(char *value, const char *mark)
{
    size_t size = strlen(value), mark_size = strlen(mark);

    if (size < 2 * mark_size || strncmp(value, mark, mark_size) != 0
        || strcmp(value + size - mark_size, mark) != 0)
        return NULL;
    value[size - mark_size] = '\0';
    return value + mark_size;
}

/* Returns the token in value, which is modified in place. Accepts all forms that gateways make of a
 * hub's "guid": W/"guid", guid, 'guid' and %22guid%22. *weak: it is the first, which proxies set
 * when they change a body. Returns NULL for a token that cannot be sent back, and for a list. */
static const char *token_in(char *value, bool *weak)
{
    static const char *const marks[] = { "\"", "'", "%22" };
    const char *token = NULL;

    *weak = strncmp(value, "W/\"", 3) == 0;
    if (*weak)
        value += strlen("W/");
    for (size_t i = 0; token == NULL && i < sizeof marks / sizeof *marks; i++)
        token = between(value, marks[i]);
    if (token == NULL)
        token = value;
    return message_is_lock_token(token) ? token : NULL;
}

/* A hub sends one strong ETag. A weak one besides comes from a proxy. If two of the same kind
 * differ, neither is used. */
const char *message_lock_token(struct http_headers *headers)
{
    struct {
        const char *token;
        bool seen, differs;
    } kinds[2] = { { 0 } }; /* strong, weak */

    for (size_t i = 0; i < headers->count; i++) {
        /* Not const: token_in() modifies it. */
        char *value = headers->text.data + headers->places[i].value;
        const char *token;
        bool weak;

        if (*value == '\0' || !text_equals_nocase(http_header_name(headers, i), "ETag"))
            continue;
        token = token_in(value, &weak);
        if (token == NULL || (kinds[weak].seen && strcmp(token, kinds[weak].token) != 0))
            kinds[weak].differs = true;
        else
            kinds[weak].token = token;
        kinds[weak].seen = kinds[weak].token != NULL;
    }
    for (size_t i = 0; i < 2; i++)
        if (kinds[i].seen || kinds[i].differs)
            return kinds[i].differs ? NULL : kinds[i].token;
    return NULL;
}

/* The prefix may have any case, which a proxy may change; the name after it is kept unchanged. */
static bool is_property(const char *name)
{
    return text_begins_nocase(name, property_prefix) && name[strlen(property_prefix)] != '\0';
}

static bool read_properties(struct received *received)
{
    const struct http_headers *headers = &received->headers;
    size_t count = 0;

    received->properties = calloc(headers->count + 1, sizeof *received->properties);
    if (received->properties == NULL)
        return false;
    for (size_t i = 0; i < headers->count; i++) {
        const char *name = http_header_name(headers, i);

        if (is_property(name))
            received->properties[count++] = (struct c2d_property) {
                .name = name + strlen(property_prefix),
                .value = http_header_value(headers, i),
            };
    }
    received->message.properties = received->properties;
    received->message.property_count = count;
    return true;
}

/* Returns -1 if it is missing, or not decimal. */
static int delivery_count(const char *text)
{
    long long number;

    return text != NULL && text_to_number(text, INT32_MAX, &number) ? (int)number : -1;
}

static void read_system_headers(struct received *received)
{
    const struct http_headers *headers = &received->headers;
    struct c2d_message *message = &received->message;

    for (size_t i = 0; i < SYSTEM_PROPERTIES; i++)
        system_property_set(message, &system_properties[i],
                            read_property(headers, &system_properties[i]));
    message->ack = c2d_ack_from_name(get(headers, "iothub-ack"));
    message->delivery_count = delivery_count(get(headers, "iothub-deliverycount"));
}

void message_set_times(struct c2d_message *message, int64_t requested_at_s)
{
    message->enqueued_at_ms = 0;
    (void)c2d_time_parse(message->enqueued_time, &message->enqueued_at_ms);
    message->received_at_s = requested_at_s;
    /* Counted from when the request was sent: the hub's lock expires no earlier. */
    message->lock_deadline_s = requested_at_s + C2D_LOCK_S;
}

void message_note_unreadable(const struct http_response *response, struct c2d_error *error)
{
    const char *number = http_headers_get(&response->headers, "iothub-sequencenumber");

    if (response->status == 200 && number != NULL && *number != '\0'
        && http_headers_get(&response->headers, "ETag") != NULL
        && strlen(number) < sizeof error->unreadable_sequence_number
        && number[strspn(number, "0123456789")] == '\0')
        memcpy(error->unreadable_sequence_number, number, strlen(number) + 1);
}

const char *c2d_message_property(const struct c2d_message *message, const char *name)
{
    if (message == NULL || name == NULL)
        return NULL;
    for (size_t i = 0; i < message->property_count; i++)
        if (text_equals_nocase(message->properties[i].name, name))
            return message->properties[i].value;
    return NULL;
}

enum c2d_status message_from_response(struct http_response *response, const char *device_id,
                                      int64_t requested_at_s, struct c2d_message **message,
                                      struct c2d_error *error)
{
    const char *lock_token = message_lock_token(&response->headers);
    struct received *received;

    *message = NULL;
    if (lock_token == NULL) {
        message_note_unreadable(response, error);
        http_response_clear(response);
        return fail(
            error, C2D_PROTOCOL,
            "the response has a message without a usable lock token (ETag): nothing is settled");
    }
    received = calloc(1, sizeof *received);
    if (received == NULL)
        return fail_memory(error);
    /* Moved, not copied: the message points into them. */
    received->headers = response->headers;
    received->bytes = response->body;
    *response = (struct http_response) { 0 };
    received->device_id = strdup(device_id);
    if (received->device_id == NULL || !read_properties(received)) {
        c2d_message_free(&received->message);
        return fail_memory(error);
    }
    read_system_headers(received);
    received->message.device_id = received->device_id;
    received->message.lock_token = lock_token;
    received->message.body = received->bytes.data;
    received->message.body_size = received->bytes.size;
    message_set_times(&received->message, requested_at_s);
    *message = &received->message;
    return C2D_OK;
}

void c2d_message_free(struct c2d_message *message)
{
    struct received *received = (struct received *)message;

    if (received == NULL)
        return;
    http_headers_clear(&received->headers);
    buf_clear(&received->bytes);
    free(received->properties);
    free(received->device_id);
    free(received);
}

/* ---- Sent ---- */

static const char expiry_name[] = "iothub-expiry";
/* With seven decimals, as Microsoft's clients write it [SDKs]. */
static const char expiry_suffix[] = ".0000000Z";

void message_set_expiry(struct http_headers *headers, int64_t expires_at_ms)
{
    const char *value = http_headers_get(headers, expiry_name);
    char suffix[sizeof expiry_suffix], expiry[TIMESTAMP_SIZE];

    snprintf(suffix, sizeof suffix, ".%03u0000Z", (unsigned)(expires_at_ms % 1000));
    timestamp_format(expires_at_ms / 1000, suffix, expiry);
    /* Replaced in place: all expiries have the same length. */
    if (value != NULL && strlen(value) == strlen(expiry))
        memcpy(headers->text.data + (value - headers->text.data), expiry, strlen(expiry) + 1);
}

static enum c2d_status add_system_headers(const struct c2d_message *message,
                                          struct http_headers *headers, struct c2d_error *error)
{
    const char *ack = c2d_ack_name(message->ack);
    enum c2d_status status = C2D_OK;

    /* Those of the payload in two spellings: hubs accept both, and which one they use is not
     * confirmed. */
    for (size_t i = 0; status == C2D_OK && i < 2 * (size_t)SYSTEM_PROPERTIES; i++) {
        const struct system_property *property = &system_properties[i % SYSTEM_PROPERTIES];
        bool has_two = property->headers[2] != NULL, is_first = i < SYSTEM_PROPERTIES;
        const char *value = system_property_get(message, property);

        if (property->what != NULL && value != NULL && (has_two || is_first))
            status = http_headers_add(headers, property->headers[has_two && is_first ? 2 : 0],
                                      value, error);
    }
    if (status == C2D_OK && ack != NULL)
        status = http_headers_add(headers, "iothub-ack", ack, error);
    return status;
}

enum c2d_status message_add_headers(const struct c2d_message *message, const char *message_id,
                                    struct http_headers *headers, struct c2d_error *error)
{
    struct c2d_message sent = *message;
    enum c2d_status status;
    char expiry[TIMESTAMP_SIZE];

    if (message_id != NULL)
        sent.message_id = message_id;
    status = add_system_headers(&sent, headers, error);
    timestamp_format(message->expires_at_s, expiry_suffix, expiry);
    if (status == C2D_OK && (message->expires_at_s > 0 || message->ttl_s > 0))
        status = http_headers_add(headers, expiry_name, expiry, error);
    for (size_t i = 0; status == C2D_OK && i < message->property_count; i++) {
        struct buf full = { 0 };

        buf_text(&full, property_prefix);
        buf_text(&full, message->properties[i].name);
        status = full.failed
                     ? fail_memory(error)
                     : http_headers_add(headers, full.data, message->properties[i].value, error);
        buf_clear(&full);
    }
    return status;
}
