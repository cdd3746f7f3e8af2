/* http: the head of a request, read strictly: what two servers could read in two ways is refused.
 * It knows no sockets. */
#include "http.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char token_extra[] = "!#$%&'*+-.^_`|~";

/* Ends the text at cursor at its first separator; returns what follows, NULL if there is none. */
static char *cut(char *cursor, const char *separator)
{
    char *end = strstr(cursor, separator);

    if (end == NULL)
        return NULL;
    *end = '\0';
    return end + strlen(separator);
}

/* Is every byte of text printable, a tab or beyond ASCII? */
static bool is_field_text(const char *text)
{
    for (; *text != '\0'; text++)
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            return false;
    return true;
}

/* "METHOD TARGET HTTP/1.x"; returns the status that refuses it, or 0. */
static int parse_request_line(struct http_request *request, char *line)
{
    char *target = cut(line, " ");
    char *version = target != NULL ? cut(target, " ") : NULL;

    if (version == NULL || !text_consists_of(line, token_extra))
        return 400;
    for (const char *c = target; *c != '\0'; c++)
        if (*c <= 0x20 || *c == 0x7f)
            return 400;
    request->method = line;
    request->target = target;
    if (strcmp(version, "HTTP/1.0") == 0)
        request->close = true;
    else if (strcmp(version, "HTTP/1.1") != 0)
        return strncmp(version, "HTTP/", 5) == 0 && text_consists_of(version + 5, ".") ? 505 : 400;
    return *target == '/' ? 0 : 400;
}

static int parse_header(struct http_request *request, char *line)
{
    char *value = cut(line, ":");
    size_t size;

    if (value == NULL || !text_consists_of(line, token_extra))
        return 400;
    value += strspn(value, " \t");
    for (size = strlen(value); size > 0 && strchr(" \t", value[size - 1]) != NULL; size--)
        value[size - 1] = '\0';
    if (!is_field_text(value))
        return 400;
    request->headers[request->header_count++] = (struct http_header) { line, value };
    return 0;
}

static size_t count_header(const struct http_request *request, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < request->header_count; i++)
        count += strcasecmp(request->headers[i].name, name) == 0;
    return count;
}

/* Does the comma list hold word? */
static bool list_has(const char *list, const char *word)
{
    size_t size = strlen(word);

    while (list != NULL && *list != '\0') {
        list += strspn(list, " \t,");
        if (strncasecmp(list, word, size) == 0 && strchr(" \t,", list[size]) != NULL)
            return true;
        list += strcspn(list, ",");
    }
    return false;
}

/* What the headers say about the body and the connection; the refusing status, or 0. */
static int parse_framing(struct http_request *request)
{
    const char *length = http_request_header(request, "Content-Length");
    const char *expect = http_request_header(request, "Expect");
    int64_t size = 0;

    if (list_has(http_request_header(request, "Connection"), "close"))
        request->close = true;
    if (count_header(request, "Host") != 1 || count_header(request, "Content-Length") > 1
        || count_header(request, "Authorization") > 1)
        return 400;
    if (http_request_header(request, "Transfer-Encoding") != NULL)
        return 501;
    if (length == NULL)
        return strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0 ? 411
                                                                                           : 0;
    if (!text_number(length, 0, INT64_MAX, &size))
        return 400;
    if (size > HTTP_BODY_MAX)
        return 413;
    if (expect != NULL && strcasecmp(expect, "100-continue") != 0)
        return 417;
    request->body_size = (size_t)size;
    request->expects_continue = expect != NULL && size > 0;
    return 0;
}

static int parse_head(struct http_request *request, char *head, size_t size)
{
    char *line = head;
    char *next = cut(line, "\r\n");
    int problem;

    if (next == NULL || strlen(line) + 2 > size)
        return 400;
    problem = parse_request_line(request, line);
    while (problem == 0 && *(line = next) != '\0') {
        next = cut(line, "\r\n");
        if (next == NULL)
            return 400;
        if (*line == '\0') /* the empty line; a NUL byte elsewhere would end the head early */
            return next == head + size ? parse_framing(request) : 400;
        if (request->header_count == HTTP_HEADERS_MAX)
            return 431;
        problem = parse_header(request, line);
    }
    return problem != 0 ? problem : 400;
}

bool http_request_parse(struct http_request *request, char *head, size_t size)
{
    size_t lines = 0;

    *request = (struct http_request) { .head = head, .method = "", .target = "" };
    for (size_t i = 0; i < size; i++)
        lines += head[i] == '\n';
    request->headers = calloc(lines + 1, sizeof *request->headers);
    if (request->headers == NULL) {
        http_request_clear(request);
        return false;
    }
    request->problem = parse_head(request, head, size);
    if (request->problem != 0)
        request->close = true; /* where the next request would start is anyone's guess */
    return true;
}

const char *http_request_header(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
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
