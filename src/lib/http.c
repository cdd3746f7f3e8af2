/* Nothing gets into a list of headers that another reader could take for the end of a line: CR, LF
 * and NUL are refused here, whoever adds them. Which headers there are is not known here. */
#include "http.h"

#include "limits.h"
#include "status.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Bytes over 0x7f pass: hubs send the values of properties raw. */
static bool value_is_safe(const char *value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)value[i];

        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            return false;
    }
    return true;
}

static bool name_is_token(const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!byte_is_token((unsigned char)name[i]))
            return false;
    return size > 0;
}

/* What is read may be more than a token: senders over AMQP name properties as they like, and a
 * message that could not be read would stop those behind it. */
static bool name_is_readable(const char *name, size_t size)
{
    return size > 0 && name[0] != ' ' && name[size - 1] != ' ' && memchr(name, '\t', size) == NULL
           && value_is_safe(name, size);
}

static bool make_place(struct http_headers *headers, size_t size)
{
    size_t capacity = headers->capacity == 0 ? 16 : headers->capacity * 2;
    struct http_header_place *places;

    /* The first time for all of a usual message. */
    if (buf_reserve(&headers->text, headers->count == 0 && size < 500 ? 500 : size) == NULL)
        return false;
    if (headers->count < headers->capacity)
        return true;
    places = realloc(headers->places, capacity * sizeof *places);
    if (places == NULL)
        return false;
    headers->places = places;
    headers->capacity = capacity;
    return true;
}

static enum c2d_status fail_name(struct c2d_error *error)
{
    return fail(error, C2D_PROTOCOL, "a header's name holds a byte that is not allowed there");
}

static enum c2d_status add(struct http_headers *headers, const char *name, size_t name_size,
                           const char *value, size_t value_size, struct c2d_error *error)
{
    size_t start = headers->text.size;

    if (!value_is_safe(value, value_size))
        return fail(error, C2D_PROTOCOL, "header %.*s holds a control byte",
                    (int)(name_size < 64 ? name_size : 64), name);
    if (headers->count >= LIMIT_HEADERS)
        return fail(error, C2D_PROTOCOL, "more than %d headers", LIMIT_HEADERS);
    if (!make_place(headers, name_size + value_size + 2))
        return fail_memory(error);
    buf_append(&headers->text, name, name_size);
    buf_append(&headers->text, "", 1);
    buf_append(&headers->text, value, value_size);
    buf_append(&headers->text, "", 1);
    /* Offsets, not pointers: the text moves when it grows. */
    headers->places[headers->count++] =
        (struct http_header_place) { .name = start, .value = start + name_size + 1 };
    return C2D_OK;
}

enum c2d_status http_headers_add(struct http_headers *headers, const char *name, const char *value,
                                 struct c2d_error *error)
{
    if (!name_is_token(name, strlen(name)))
        return fail_name(error);
    return add(headers, name, strlen(name), value, strlen(value), error);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

enum c2d_status http_headers_add_line(struct http_headers *headers, const char *line, size_t size,
                                      struct c2d_error *error)
{
    const char *colon = memchr(line, ':', size);
    const char *value, *end = line + size;

    /* A folded line, which is obsolete, ends here or as a name that begins with a space. */
    if (colon == NULL)
        return fail(error, C2D_PROTOCOL, "the answer has a header line without a colon");
    if (!name_is_readable(line, (size_t)(colon - line)))
        return fail_name(error);
    value = colon + 1;
    while (value < end && is_blank(*value))
        value++;
    while (end > value && is_blank(end[-1]))
        end--;
    return add(headers, line, (size_t)(colon - line), value, (size_t)(end - value), error);
}

const char *http_header_name(const struct http_headers *headers, size_t index)
{
    return headers->text.data + headers->places[index].name;
}

const char *http_header_value(const struct http_headers *headers, size_t index)
{
    return headers->text.data + headers->places[index].value;
}

const char *http_headers_get(const struct http_headers *headers, const char *name)
{
    size_t size = strlen(name);

    for (size_t i = headers->count; i > 0; i--) {
        const struct http_header_place *place = &headers->places[i - 1];

        /* Most differ in length already. */
        if (place->value - place->name == size + 1
            && strcasecmp(headers->text.data + place->name, name) == 0)
            return headers->text.data + place->value;
    }
    return NULL;
}

void http_headers_clear(struct http_headers *headers)
{
    buf_clear(&headers->text);
    free(headers->places);
    *headers = (struct http_headers) { 0 };
}

void http_request_clear(struct http_request *request)
{
    /* The body is borrowed: its owner frees it. */
    buf_clear(&request->url);
    buf_clear(&request->token);
    http_headers_clear(&request->headers);
    *request = (struct http_request) { 0 };
}

void http_response_clear(struct http_response *response)
{
    http_headers_clear(&response->headers);
    buf_clear(&response->body);
    *response = (struct http_response) { 0 };
}
