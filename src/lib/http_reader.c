/* The limits and the completeness of an answer (N0, N2): what is cut, unframed or too long is lost,
 * and no byte of it is used. What its headers say of a message is read elsewhere. */
#include "http_reader.h"

#include "limits.h"
#include "status.h"
#include "text.h"

#include <string.h>
#include <strings.h>

void http_reader_init(struct http_reader *reader)
{
    *reader = (struct http_reader) { .response.body.limit = LIMIT_BODY };
}

/* header_bytes goes on: its limit is for all heads of one exchange together. */
static void begin_head(struct http_reader *reader)
{
    http_headers_clear(&reader->response.headers);
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
    long long length;

    /* "gzip, chunked" frames nothing for us: nobody here would unpack the body. */
    if (strcasecmp(name, "Transfer-Encoding") == 0 && strcasecmp(value, "chunked") == 0)
        reader->framed = true;
    if (strcasecmp(name, "Content-Length") != 0)
        return true;
    /* libcurl reads on to the end of the connection for a length that it cannot hold. */
    if (!text_to_number(value, INT64_MAX, &length))
        return false;
    reader->framed = true;
    for (size_t i = 0; i + 1 < headers->count; i++)
        if (strcasecmp(http_header_name(headers, i), name) == 0
            && strcmp(http_header_value(headers, i), value) != 0)
            return false;
    return true;
}

static enum c2d_status take_line(struct http_reader *reader, const char *line, size_t size)
{
    enum c2d_status status;

    if (reader->header_bytes > LIMIT_HEADER_BLOCK)
        return fail(&reader->broken, C2D_PROTOCOL, "the headers are longer than %d bytes",
                    LIMIT_HEADER_BLOCK);
    while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
        size--;
    /* No header looks like this: '/' is no byte of a name. */
    if (size >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        begin_head(reader);
        return C2D_OK;
    }
    if (reader->head_complete)
        return C2D_OK; /* trailers say nothing that we use */
    if (size == 0) {
        reader->head_complete = true;
        return C2D_OK;
    }
    status = http_headers_add_line(&reader->response.headers, line, size, &reader->broken);
    if (status == C2D_OK && !note_framing(reader))
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
    if (buf_append(&reader->response.body, data, size))
        return true;
    if (reader->response.body.overflow)
        fail(&reader->broken, C2D_PROTOCOL, "the body is longer than %d bytes", LIMIT_BODY);
    else
        fail_memory(&reader->broken);
    return false;
}

bool http_reader_is_whole(const struct http_reader *reader, int status)
{
    /* These two have no body whatever their headers say, and a HEAD is never sent. */
    return reader->head_complete && (reader->framed || status == 204 || status == 304);
}

void http_reader_clear(struct http_reader *reader)
{
    http_response_clear(&reader->response);
    http_reader_init(reader);
}
