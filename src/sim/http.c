/* Parses the head of a request strictly: refuses what two servers could read differently. */
#include "http.h"
#include "util.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const status_lines[] = { "200 OK",
                                            "204 No Content",
                                            "400 Bad Request",
                                            "401 Unauthorized",
                                            "403 Forbidden",
                                            "404 Not Found",
                                            "405 Method Not Allowed",
                                            "411 Length Required",
                                            "412 Precondition Failed",
                                            "413 Request Entity Too Large",
                                            "417 Expectation Failed",
                                            "429 Too Many Requests",
                                            "431 Request Header Fields Too Large",
                                            "500 Internal Server Error",
                                            "501 Not Implemented",
                                            "502 Bad Gateway",
                                            "503 Service Unavailable",
                                            "504 Gateway Timeout",
                                            "505 HTTP Version Not Supported" };

/* Cuts the text at its first separator. Returns the text after it; NULL: there is no separator, or
 * cursor is NULL. */
static char *cut(char *cursor, const char *separator)
{
    char *end = cursor != NULL ? strstr(cursor, separator) : NULL;

    if (end == NULL)
        return NULL;
    *end = '\0';
    return end + strlen(separator);
}

/* Parses "METHOD TARGET HTTP/1.x". Returns 0, or the status that refuses it. */
static int parse_request_line(struct http_request *request, char *line)
{
    char *target = cut(line, " ");
    char *version = cut(target, " ");

    if (version == NULL || !text_consists_of(line, TOKEN_EXTRA) || *target != '/')
        return 400;
    for (const char *c = target; *c != '\0'; c++)
        if (*c <= 0x20 || (unsigned char)*c >= 0x7f)
            return 400;
    request->method = line;
    request->target = target;
    request->close = strcmp(version, "HTTP/1.0") == 0;
    if (request->close || strcmp(version, "HTTP/1.1") == 0)
        return 0;
    return strncmp(version, "HTTP/", 5) == 0 && text_consists_of(version + 5, ".") ? 505 : 400;
}

/* Returns 0, or the status that refuses the header. */
static int parse_header(struct http_request *request, char *line)
{
    char *value = cut(line, ":");
    char *end;

    if (value == NULL || !text_consists_of(line, TOKEN_EXTRA))
        return 400;
    value += strspn(value, " \t");
    for (end = value + strlen(value); end > value && strchr(" \t", end[-1]) != NULL; end--)
        end[-1] = '\0';
    for (const char *c = value; *c != '\0'; c++)
        if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
            return 400;
    if (request->header_count == HTTP_HEADERS_MAX)
        return 431;
    request->headers[request->header_count++] = (struct http_header) { line, value };
    return 0;
}

static size_t count_header(const struct http_request *request, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < request->header_count; i++)
        count += text_equals_nocase(request->headers[i].name, name);
    return count;
}

/* Reads the headers that concern the body and the connection. Returns 0, or the status that refuses
 * them. */
static int parse_framing(struct http_request *request)
{
    const char *length = http_request_header(request, "Content-Length");
    const char *expect = http_request_header(request, "Expect");
    const char *connection = http_request_header(request, "Connection");
    int64_t size = 0;

    request->close |= connection != NULL && text_find_nocase(connection, "close") != NULL;
    /* Of two such headers a proxy may use one and the server the other: they would see different
     * requests. */
    if (count_header(request, "Host") != 1 || count_header(request, "Content-Length") > 1
        || count_header(request, "Authorization") > 1)
        return 400;
    if (http_request_header(request, "Transfer-Encoding") != NULL)
        return 501;
    if (length == NULL)
        return text_is_word(request->method, "POST PUT") ? 411 : 0;
    if (!text_number(length, 0, INT64_MAX, &size))
        return 400;
    if (size > HTTP_BODY_MAX)
        return 413;
    if (expect != NULL && !text_equals_nocase(expect, "100-continue"))
        return 417;
    request->body_size = (size_t)size;
    request->expects_continue = expect != NULL && size > 0;
    return 0;
}

static int parse_head(struct http_request *request, size_t size)
{
    char *line = request->head;
    char *next = cut(line, "\r\n");
    int problem = next != NULL ? parse_request_line(request, line) : 400;

    while (problem == 0) {
        line = next;
        next = cut(line, "\r\n");
        if (next == NULL)
            return 400;
        if (*line == '\0') /* the empty line, or a NUL byte before it */
            return next == request->head + size ? parse_framing(request) : 400;
        problem = parse_header(request, line);
    }
    return problem;
}

void http_request_parse(struct http_request *request, char *head, size_t size)
{
    *request = (struct http_request) { .head = head, .method = "", .target = "" };
    request->headers = memory_new(HTTP_HEADERS_MAX * sizeof *request->headers);
    request->problem = parse_head(request, size);
    if (request->problem != 0)
        request->close = true; /* it is unknown where the next request starts */
}

const char *http_request_header(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (text_equals_nocase(request->headers[i].name, name))
            return request->headers[i].value;
    return NULL;
}

void http_request_clear(struct http_request *request)
{
    free(request->head);
    free(request->headers);
    free(request->body);
    *request = (struct http_request) { 0 };
}

void http_response_reset(struct http_response *response)
{
    evbuffer_drain(response->headers, SIZE_MAX);
    evbuffer_drain(response->body, SIZE_MAX);
    *response = (struct http_response) { .status = 200,
                                         .headers = response->headers,
                                         .body = response->body,
                                         .send_options.cut_after = -1 };
}

void http_response_header(struct http_response *response, const char *name, const char *value)
{
    evbuffer_add_printf(response->headers, "%s: %s\r\n", name, value);
}

void http_response_frame(struct http_response *response)
{
    /* A 204 must not have a Content-Length. */
    if (response->status != 204 && !response->send_options.unframed)
        evbuffer_add_printf(response->headers, "Content-Length: %zu\r\n",
                            evbuffer_get_length(response->body));
    if (response->send_options.close || response->send_options.unframed)
        http_response_header(response, "Connection", "close");
}

void http_response_write(struct http_response *response, bool is_head, struct evbuffer *wire)
{
    char number[5];
    const char *phrase = "Status";

    if (response->raw != NULL) {
        evbuffer_add(wire, response->raw, strlen(response->raw));
        return;
    }
    (void)snprintf(number, sizeof number, "%d ", response->status);
    for (size_t i = 0; i < sizeof status_lines / sizeof status_lines[0]; i++)
        if (strncmp(status_lines[i], number, 4) == 0)
            phrase = status_lines[i] + 4;
    evbuffer_add_printf(wire, "HTTP/1.1 %s%s\r\n", number,
                        response->reason != NULL ? response->reason : phrase);
    evbuffer_add_buffer(wire, response->headers);
    evbuffer_add(wire, "\r\n", 2);
    if (!is_head && response->status != 204)
        evbuffer_add_buffer(wire, response->body);
}
