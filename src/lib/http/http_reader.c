/* The limits and the completeness of a response: a success that is cut, unframed or too long is
 * lost, and no byte of it is used; a refusal is known by its head. What the headers say of a
 * message is read elsewhere. */
#include "http_reader.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

void http_reader_init(struct http_reader *reader)
{
    *reader = (struct http_reader) { .response.body.limit = HTTP_BODY_SIZE_MAX };
}

/* The number in "HTTP/1.1 200 OK"; 0: there is none. */
static int status_of(const char *line, size_t size)
{
    const char *at = memchr(line, ' ', size);
    int status = 0;

    while (at != NULL && at + 1 < line + size && byte_is_digit((unsigned char)at[1])
           && status < 1000)
        status = status * 10 + (*++at - '0');
    return status < 1000 ? status : 0;
}

/* header_bytes goes on: its limit is for all heads of one exchange together. */
static void begin_head(struct http_reader *reader, int status)
{
    http_headers_clear(&reader->response.headers);
    reader->response.status = status;
    reader->head_complete = false;
    reader->framed = false;
}

/* Notes what frames the body. False for a length that is no number, and for two that differ, which
 * two readers would cut in two ways. */
static bool note_framing(struct http_reader *reader)
{
    const struct http_headers *headers = &reader->response.headers;
    const char *name = http_header_name(headers, headers->count - 1);
    const char *value = http_header_value(headers, headers->count - 1);
    size_t name_size = (size_t)(value - name) - 1;
    long long length;

    /* Most headers differ in length already. */
    if (name_size != sizeof "Transfer-Encoding" - 1 && name_size != sizeof "Content-Length" - 1)
        return true;
    /* "gzip, chunked" frames nothing for us: nobody here would unpack the body. */
    if (text_equals_nocase(name, "Transfer-Encoding") && text_equals_nocase(value, "chunked"))
        reader->framed = true;
    if (!text_equals_nocase(name, "Content-Length"))
        return true;
    /* libcurl reads on to the end of the connection for a length that it cannot hold. */
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
    /* No header looks like this: '/' is no byte of a name. */
    if (size >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        begin_head(reader, status_of(line, size));
        return C2D_OK;
    }
    if (reader->head_complete)
        return C2D_OK; /* trailers say nothing that we use */
    if (size == 0) {
        reader->head_complete = true;
        return C2D_OK;
    }
    status = http_headers_add_line(&reader->response.headers, line, size, strict, &reader->broken);
    if (status == C2D_OK && reader->response.headers.count > count && !note_framing(reader)
        && strict)
        status = fail(&reader->broken, C2D_PROTOCOL,
                      "the answer has two lengths, or one that is no number");
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
    /* A 204 has no body whatever its headers say, and a HEAD is never sent. */
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
