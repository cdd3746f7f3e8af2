/* Headers of requests and responses. A request never carries CR, LF or NUL: they are refused here.
 * Headers of a response are kept as received, unless they are ambiguous and decide its meaning. */
#include "http.h"

#include "base/array.h"
#include "base/error.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* Bytes over 0x7f are allowed: hubs send the values of properties unencoded. */
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

static bool make_place(struct http_headers *headers, size_t size)
{
    struct http_header_place *places;

    /* The first allocation is large enough for most messages. */
    if (buf_reserve(&headers->text, headers->count == 0 && size < 500 ? 500 : size) == NULL)
        return false;
    places = array_reserve(headers->places, &headers->capacity, headers->count + 1, sizeof *places);
    if (places == NULL)
        return false;
    headers->places = places;
    return true;
}

/* Name and value may hold any byte but NUL. */
static enum c2d_status store(struct http_headers *headers, const char *name, size_t name_size,
                             const char *value, size_t value_size, struct c2d_error *error)
{
    size_t start = headers->text.size;

    if (headers->count >= HTTP_HEADERS_MAX)
        return fail(error, C2D_PROTOCOL, "more than %d headers", HTTP_HEADERS_MAX);
    if (!make_place(headers, name_size + value_size + 2))
        return fail_memory(error);
    buf_append(&headers->text, name, name_size);
    buf_byte(&headers->text, '\0');
    buf_append(&headers->text, value, value_size);
    buf_byte(&headers->text, '\0');
    /* Offsets, not pointers: the buffer moves when it grows. */
    headers->places[headers->count++] =
        (struct http_header_place) { .name = start, .value = start + name_size + 1 };
    return C2D_OK;
}

enum c2d_status http_headers_add(struct http_headers *headers, const char *name, const char *value,
                                 struct c2d_error *error)
{
    if (!name_is_token(name, strlen(name)))
        return fail(error, C2D_PROTOCOL, "a header name holds a byte that is not allowed");
    if (!value_is_safe(value, strlen(value)))
        return fail(error, C2D_PROTOCOL, "header %.64s holds a control byte", name);
    return store(headers, name, strlen(name), value, strlen(value), error);
}

/* ---- Responses ---- */

static void trim(const char **text, size_t *size)
{
    while (*size > 0 && ((*text)[0] == ' ' || (*text)[0] == '\t')) {
        (*text)++;
        (*size)--;
    }
    while (*size > 0 && ((*text)[*size - 1] == ' ' || (*text)[*size - 1] == '\t'))
        (*size)--;
}

/* True for the headers that decide where a body ends, or which lock is settled. */
static bool is_decisive(const char *name, size_t size)
{
    static const struct {
        const char *name;
        size_t size;
    } rows[] = {
        { "Content-Length", sizeof "Content-Length" - 1 },
        { "Transfer-Encoding", sizeof "Transfer-Encoding" - 1 },
        { "ETag", sizeof "ETag" - 1 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].size == size && text_begins_nocase(name, rows[i].name))
            return true;
    return false;
}

static bool is_hub_header(const char *name)
{
    return text_begins_nocase(name, "iothub-");
}

static enum c2d_status fail_ambiguous(const char *name, size_t size, struct c2d_error *error)
{
    return fail(error, C2D_PROTOCOL, "header %.*s is ambiguous", (int)(size < 64 ? size : 64),
                name);
}

/* Appends a folded line, after a space, to the previous value. Folding is obsolete, but some
 * middleboxes wrap long headers. */
static enum c2d_status continue_value(struct http_headers *headers, const char *text, size_t size,
                                      bool strict, struct c2d_error *error)
{
    const char *name;

    trim(&text, &size);
    if (headers->count == 0 || headers->skipping || size == 0)
        return C2D_OK;
    name = http_header_name(headers, headers->count - 1);
    if ((strict && is_decisive(name, strlen(name)))
        || (is_hub_header(name) && memchr(text, '\0', size) != NULL))
        return fail_ambiguous(name, strlen(name), error);
    if (memchr(text, '\0', size) != NULL)
        return C2D_OK;
    if (buf_reserve(&headers->text, size + 1) == NULL)
        return fail_memory(error);
    headers->text.data[headers->text.size - 1] = ' '; /* replaces the NUL of the value */
    buf_append(&headers->text, text, size);
    buf_byte(&headers->text, '\0');
    return C2D_OK;
}

enum c2d_status http_headers_add_line(struct http_headers *headers, const char *line, size_t size,
                                      bool strict, struct c2d_error *error)
{
    const char *colon = memchr(line, ':', size), *name = line, *value;
    size_t name_size, value_size;
    bool has_nul = memchr(line, '\0', size) != NULL;

    if (size > 0 && (line[0] == ' ' || line[0] == '\t'))
        return continue_value(headers, line, size, strict, error);
    headers->skipping = colon == NULL || colon == line;
    if (headers->skipping)
        return C2D_OK;
    name_size = (size_t)(colon - line);
    value = colon + 1;
    value_size = size - name_size - 1;
    trim(&name, &name_size);
    trim(&value, &value_size);
    /* Another reader would not recognise these after a blank before the colon or a control byte. */
    if (strict && is_decisive(name, name_size)
        && (line + name_size != colon || !value_is_safe(value, value_size)))
        return fail_ambiguous(name, name_size, error);
    if (has_nul && is_hub_header(line))
        return fail_ambiguous(name, name_size, error);
    headers->skipping = has_nul;
    return has_nul ? C2D_OK : store(headers, name, name_size, value, value_size, error);
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

        /* The lengths first: most names differ there. */
        if (place->value - place->name == size + 1
            && text_equals_nocase(headers->text.data + place->name, name))
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
    /* The body is borrowed. */
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
