#include "content.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POOL_SIZE = 128 * 1024 };

static const char *const texts[] = {
    "",
    "x",
    "on",
    "a b",
    "=;&?#",
    "100%",
    "\"quoted\"",
    "~!@$^*()[]{}|\\<>/",
    "23.5",
    "update",
    "a,b,,c",
    "%0d%0a",
    "tab-less text of some length, as people write it into a property",
};
static const char *const types[] = { NULL, NULL, "application/json", "text/plain; charset=utf-8" };
static const char *const encodings[] = { NULL, NULL, NULL, "utf-8", "gzip" };
static const char *const names[] = { "reason", "X-Level", "a.b", "unit_1", "v'`|~" };

/* Bytes of every kind. The same in each run, as only a part of it is taken. */
static const char *pool(void)
{
    static char bytes[POOL_SIZE];
    static bool is_filled;
    struct chance chance = { 1 };

    for (size_t i = 0; !is_filled && i < POOL_SIZE; i++)
        bytes[i] = (char)chance_next(&chance);
    is_filled = true;
    return bytes;
}

static size_t choose_size(struct chance *chance)
{
    static const unsigned char weights[] = { 10, 60, 28, 2 };
    static const size_t most[] = { 0, 40, 2000, 60000 };

    return chance_below(chance, most[chance_weighted(chance, weights, sizeof weights)] + 1);
}

static void add_property(struct content *content, const char *name, const char *value)
{
    content->properties[content->property_count++] = (struct c2d_property) { name, value };
}

void content_make(struct content *content, unsigned number, struct chance *chance)
{
    *content = (struct content) { .number = number, .body_size = choose_size(chance) };
    content->body = pool() + chance_below(chance, POOL_SIZE - content->body_size);
    if (chance_percent(chance, 80))
        snprintf(content->message_id, sizeof content->message_id, "m-%u", number);
    if (chance_percent(chance, 20))
        content->correlation_id = "correlated-1";
    content->content_type = types[chance_below(chance, sizeof types / sizeof *types)];
    content->content_encoding =
        encodings[chance_below(chance, sizeof encodings / sizeof *encodings)];
    content->ack = (enum c2d_ack)chance_below(chance, C2D_ACK_FULL + 1);
    snprintf(content->number_text, sizeof content->number_text, "%u", number);
    add_property(content, "number", content->number_text);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (chance_percent(chance, 15))
            add_property(content, names[i],
                         texts[chance_below(chance, sizeof texts / sizeof *texts)]);
}

struct c2d_message content_message(const struct content *content)
{
    return (struct c2d_message) {
        .body = content->body,
        .body_size = content->body_size,
        .message_id = content->message_id[0] == '\0' ? NULL : content->message_id,
        .correlation_id = content->correlation_id,
        .content_type = content->content_type,
        .content_encoding = content->content_encoding,
        .ack = content->ack,
        .properties = content->properties,
        .property_count = content->property_count,
    };
}

unsigned content_number_in(const struct http_request *request)
{
    const char *number = http_headers_get(&request->headers, "iothub-app-number");

    return number == NULL ? 0 : (unsigned)strtoul(number, NULL, 10);
}

static bool is_same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool has_header(const struct http_request *request, const char *name, const char *value)
{
    return is_same(http_headers_get(&request->headers, name), value);
}

static size_t count_application(const struct http_request *request)
{
    size_t count = 0;

    for (size_t i = 0; i < request->headers.count; i++)
        count += strncmp(http_header_name(&request->headers, i), "iothub-app-", 11) == 0;
    return count;
}

const char *content_differs_in_request(const struct content *content,
                                       const struct http_request *request)
{
    static const char *const acks[] = { NULL, "none", "positive", "negative", "full" };
    char name[64];

    if (request->body_size != content->body_size
        || memcmp(request->body, content->body, content->body_size) != 0)
        return "body";
    if (content->message_id[0] != '\0'
        && !has_header(request, "iothub-messageid", content->message_id))
        return "message id";
    if (!has_header(request, "iothub-correlationid", content->correlation_id))
        return "correlation id";
    if (!has_header(request, "Content-Type", content->content_type)
        || !has_header(request, "iothub-contenttype", content->content_type))
        return "content type";
    if (!has_header(request, "Content-Encoding", content->content_encoding)
        || !has_header(request, "iothub-contentencoding", content->content_encoding))
        return "content encoding";
    if (!has_header(request, "iothub-ack", acks[content->ack]))
        return "ack";
    for (size_t i = 0; i < content->property_count; i++) {
        snprintf(name, sizeof name, "iothub-app-%s", content->properties[i].name);
        if (!has_header(request, name, content->properties[i].value))
            return "property";
    }
    return count_application(request) == content->property_count ? NULL : "number of properties";
}

const char *content_differs_in_message(const struct content *content, const char *message_id,
                                       const struct c2d_message *message)
{
    if (message->body_size != content->body_size
        || (content->body_size > 0
            && memcmp(message->body, content->body, content->body_size) != 0))
        return "body";
    if (!is_same(message->message_id, message_id))
        return "message id";
    if (!is_same(message->correlation_id, content->correlation_id))
        return "correlation id";
    if (!is_same(message->content_type, content->content_type))
        return "content type";
    if (!is_same(message->content_encoding, content->content_encoding))
        return "content encoding";
    if (message->property_count != content->property_count)
        return "number of properties";
    for (size_t i = 0; i < content->property_count; i++)
        if (!is_same(c2d_message_property(message, content->properties[i].name),
                     content->properties[i].value))
            return "property";
    return NULL;
}
