/* Checks limits and completeness of a response. A success that is truncated, unframed or too long
 * is refused as a whole. A refusal needs only its head. */
#include "http_reader.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

void http_reader_init(struct http_reader *reader)
{
    *reader = (struct http_reader) { .response.body.limit = HTTP_BODY_SIZE_MAX };
}

/* Returns the number in "HTTP/1.1 200 OK", or 0. */
static int status_of(const char *line, size_t size)
{
    const char *at = memchr(line, ' ', size);
    int status = 0;

    while (at != NULL && at + 1 < line + size && byte_is_digit((unsigned char)at[1])
           && status < 1000)
        status = status * 10 + (*++at - '0');
    return status < 1000 ? status : 0;
}

/* Does not reset header_bytes: its limit is for all heads of one exchange together. */
static void begin_head(struct http_reader *reader, int status)
{
    http_headers_clear(&reader->response.headers);
    reader->response.status = status;
    reader->head_complete = false;
    reader->framed = false;
}

/* Records what frames the body. Returns false for a length that is not a number, and for two that
 * differ, which are ambiguous. */
static bool note_framing(struct http_reader *reader)
{
    const struct http_headers *headers = &reader->response.headers;
    const char *name = http_header_name(headers, headers->count - 1);
    const char *value = http_header_value(headers, headers->count - 1);
    size_t name_size = (size_t)(value - name) - 1;
    long long length;

    /* The lengths first: most names differ there. */
    if (name_size != sizeof "Transfer-Encoding" - 1 && name_size != sizeof "Content-Length" - 1)
        return true;
    /* "gzip, chunked" does not count as framed: the body would not be decompressed. */
    if (text_equals_nocase(name, "Transfer-Encoding") && text_equals_nocase(value, "chunked"))
        reader->framed = true;
    if (!text_equals_nocase(name, "Content-Length"))
        return true;
    /* With a length over 64 bits libcurl would read until the connection closes. */
    if (!text_to_number(value, INT64_MAX, &length))
        return false;
    reader->framed = true;
    for (size_t i = 0; i + 1 < headers->count; i++)
        if (text_equals_nocase(http_header_name(headers, i), name)
            && strcmp(http_header_value(headers, i), value) != 0)
            return false;
    return true;
}

static enum c2d_status take_line(struct http_reader *reader, const char *line, size_t size)
{
    size_t count = reader->response.headers.count;
    bool strict = reader->response.status < 300;
    enum c2d_status status;

    if (reader->header_bytes > HTTP_HEAD_SIZE_MAX)
        return fail(&reader->broken, C2D_PROTOCOL, "the headers are longer than %d bytes",
                    HTTP_HEAD_SIZE_MAX);
    while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
        size--;
    /* A status line: '/' is not allowed in the name of a header. */
    if (size >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        begin_head(reader, status_of(line, size));
        return C2D_OK;
    }
    if (reader->head_complete)
        return C2D_OK; /* trailers are not used */
    if (size == 0) {
        reader->head_complete = true;
        return C2D_OK;
    }
    status = http_headers_add_line(&reader->response.headers, line, size, strict, &reader->broken);
    if (status == C2D_OK && reader->response.headers.count > count && !note_framing(reader)
        && strict)
        status = fail(&reader->broken, C2D_PROTOCOL,
                      "the response has two lengths, or one that is not a number");
    return status;
}

bool http_reader_line(struct http_reader *reader, const char *line, size_t size)
{
    reader->header_bytes += size;
    return take_line(reader, line, size) == C2D_OK;
}

bool http_reader_body(struct http_reader *reader, const char *data, size_t size)
{
    struct buf *body = &reader->response.body;

    if (buf_append(body, data, size))
        return true;
    if (!body->overflow)
        fail_memory(&reader->broken);
    else if (!http_reader_is_refusal(reader))
        fail(&reader->broken, C2D_PROTOCOL, "the body is longer than %d bytes", HTTP_BODY_SIZE_MAX);
    return false;
}

bool http_reader_is_refusal(const struct http_reader *reader)
{
    return reader->head_complete && reader->response.status >= 300;
}

bool http_reader_counts(const struct http_reader *reader, bool ended_well)
{
    if (reader->broken.status != C2D_OK)
        return false;
    if (http_reader_is_refusal(reader))
        return true;
    /* A 204 never has a body. HEAD is never sent. */
    return ended_well && reader->head_complete && reader->response.status >= 200
           && (reader->framed || reader->response.status == 204);
}

bool http_reader_is_whole(const struct http_reader *reader)
{
    const struct http_response *response = &reader->response;
    const char *length = http_headers_get(&response->headers, "Content-Length");
    long long size;

    if (!http_reader_counts(reader, true))
        return false;
    return response->status == 204
           || (http_headers_get(&response->headers, "Transfer-Encoding") == NULL && length != NULL
               && text_to_number(length, INT64_MAX, &size) && (size_t)size == response->body.size);
}

void http_reader_clear(struct http_reader *reader)
{
    http_response_clear(&reader->response);
    http_reader_init(reader);
}
