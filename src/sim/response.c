/* response: an answer's bytes, in the usual manner or in the manner that a fault asks for. */
#include "http.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    int status;
    const char *phrase;
} phrases[] = {
    { 200, "OK" },
    { 204, "No Content" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 411, "Length Required" },
    { 412, "Precondition Failed" },
    { 413, "Request Entity Too Large" },
    { 417, "Expectation Failed" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
    { 505, "HTTP Version Not Supported" },
};

static const char *phrase_of(int status)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Status";
}

void http_response_init(struct http_response *response)
{
    *response = (struct http_response) { .status = 200, .manner.cut_after = -1 };
}

void http_response_header(struct http_response *response, const char *name, const char *value)
{
    /* Piece by piece: this is the hub's busiest text, and a format costs more than all of it. */
    buf_text(&response->headers, name);
    buf_append(&response->headers, ": ", 2);
    buf_text(&response->headers, value);
    buf_append(&response->headers, "\r\n", 2);
}

/* Is the header of this line named in omit? */
static bool is_omitted(const char *omit, const char *line, size_t name_size)
{
    while (omit != NULL && *omit == '\n' && omit[1] != '\0') {
        omit++;
        if (strcspn(omit, "\n") == name_size && strncasecmp(omit, line, name_size) == 0)
            return true;
        omit += strcspn(omit, "\n");
    }
    return false;
}

/* Copies the header lines, edited as the response asks. */
static void append_edited(const struct http_response *response, struct buf *wire)
{
    const char *line = response->headers.data;
    const char *end = line + response->headers.size;

    while (line < end) {
        const char *lf = memchr(line, '\n', (size_t)(end - line));
        const char *next = lf != NULL ? lf + 1 : end;
        const char *colon = memchr(line, ':', (size_t)(next - line));
        size_t name_size = colon != NULL ? (size_t)(colon - line) : 0;
        size_t start = wire->size;

        if (!is_omitted(response->omit, line, name_size))
            buf_append(wire, line, (size_t)(next - line));
        if (response->manner.lower_case && wire->size > start)
            for (size_t i = start; i < start + name_size; i++)
                wire->data[i] = (char)tolower((unsigned char)wire->data[i]);
        line = next;
    }
}

void http_response_format(struct http_response *response, bool is_head, struct buf *wire)
{
    const struct http_manner *manner = &response->manner;

    if (response->raw != NULL) {
        buf_text(wire, response->raw);
        return;
    }
    buf_format(wire, "HTTP/1.1 %d %s\r\n", response->status,
               response->reason != NULL ? response->reason : phrase_of(response->status));
    if (response->status != 204 && !manner->unframed)
        buf_format(&response->headers, "Content-Length: %zu\r\n", response->body.size);
    if (manner->close || manner->unframed)
        http_response_header(response, "Connection", "close");
    if (response->omit == NULL && !manner->lower_case)
        buf_append(wire, response->headers.data, response->headers.size);
    else if (response->headers.size > 0)
        append_edited(response, wire);
    buf_append(wire, "\r\n", 2);
    if (!is_head && response->status != 204)
        buf_append(wire, response->body.data, response->body.size);
    wire->failed |= response->headers.failed || response->body.failed;
}

void http_response_clear(struct http_response *response)
{
    buf_clear(&response->headers);
    buf_clear(&response->body);
    http_response_init(response);
}
