#include "answer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- Parts ---- */

void answer_header(struct http_response *response, const char *format, ...)
{
    char line[512];
    va_list arguments;
    int size;

    va_start(arguments, format);
    size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (http_headers_add_line(&response->headers, line, (size_t)size, response->status < 300, NULL)
        != C2D_OK)
        abort();
}

static void add_body(struct http_response *response, const char *text)
{
    buf_text(&response->body, text);
}

void answer_lock_text(uint64_t lock, char text[static 40])
{
    snprintf(text, 40, "%08" PRIx64 "-5ca1-4ab1-8e0c-%012" PRIx64, lock & 0xffffffff, lock);
}

uint64_t answer_lock_in(const char *text)
{
    const char *last = strrchr(text, '-');

    return last == NULL ? 0 : strtoull(last + 1, NULL, 16);
}

static struct tm split(int64_t hub_ms)
{
    time_t seconds = (time_t)(hub_ms / 1000);
    struct tm parts;

    gmtime_r(&seconds, &parts);
    return parts;
}

/* A time in one of the three forms in which hubs write them: a hub uses one form. */
static void write_time(int64_t at_ms, uint64_t form, char text[static 40])
{
    struct tm parts = split(world_hub_ms(at_ms));

    if (form % 3 == 0)
        strftime(text, 40, "%Y-%m-%dT%H:%M:%S.1230000Z", &parts);
    else if (form % 3 == 1)
        strftime(text, 40, "%m/%d/%Y %I:%M:%S %p", &parts);
    else
        strftime(text, 40, "%m/%d/%Y %H:%M:%S", &parts);
}

static void add_date(struct http_response *response, int64_t hub_ms)
{
    struct tm parts = split(hub_ms);
    char text[40];

    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    answer_header(response, "Date: %s", text);
}

/* ---- Messages ---- */

static void add_optional(struct http_response *response, const char *name, const char *value)
{
    if (value != NULL)
        answer_header(response, "%s: %s", name, value);
}

static void write_message(struct http_response *response, const struct model_reply *reply,
                          struct chance *chance)
{
    static const char *const types[] = { "ContentType", "Content-Type", "iothub-contenttype" };
    static const char *const encodings[] = { "ContentEncoding", "Content-Encoding",
                                             "iothub-contentencoding" };
    const struct hub_message *message = reply->message;
    const struct content *content = &message->send->content;
    size_t spelling = chance_below(chance, 3);
    char text[40];

    answer_lock_text(reply->lock, text);
    answer_header(response, "ETag: \"%s\"", text);
    add_optional(response, "iothub-messageid",
                 message->message_id[0] == '\0' ? NULL : message->message_id);
    add_optional(response, "iothub-correlationid", content->correlation_id);
    add_optional(response, types[spelling], content->content_type);
    add_optional(response, encodings[spelling], content->content_encoding);
    answer_header(response, "iothub-sequencenumber: %" PRIu64, message->sequence);
    answer_header(response, "iothub-deliverycount: %u", reply->abandons);
    write_time(message->enqueued_ms, message->sequence, text);
    answer_header(response, "iothub-enqueuedtime: %s", text);
    write_time(message->expires_ms, message->sequence, text);
    answer_header(response, "iothub-expiry: %s", text);
    for (size_t i = 0; i < content->property_count; i++)
        answer_header(response, "iothub-app-%s: %s", content->properties[i].name,
                      content->properties[i].value);
    buf_append(&response->body, content->body, content->body_size);
}

/* ---- Feedback ---- */

static void write_record(struct http_response *response, const struct hub_record *record,
                         struct chance *chance)
{
    static const char *const words[] = { "?",       "Success", "Rejected",
                                         "Expired", "Purged",  "DeliveryCountExceeded" };
    char text[256];

    snprintf(text, sizeof text, "{\"originalMessageId\":\"%s\",\"deviceId\":\"dev%u\"",
             record->message->message_id, record->message->send->device);
    add_body(response, text);
    /* Real records of 2015 and 2016 have no statusCode for a success. */
    if (record->state != HUB_COMPLETED || chance_percent(chance, 50)) {
        snprintf(text, sizeof text, ",\"statusCode\":\"%s\"", words[record->state]);
        add_body(response, text);
    }
    snprintf(text, sizeof text, ",\"description\":\"%s\"}", words[record->state]);
    add_body(response, text);
}

static void write_batch(struct http_response *response, const struct model_reply *reply,
                        struct chance *chance)
{
    char token[40];

    answer_lock_text(reply->lock, token);
    answer_header(response, "ETag: \"%s\"", token);
    add_body(response, "[");
    for (size_t i = 0; i < reply->batch->count; i++) {
        add_body(response, i == 0 ? "" : ",");
        write_record(response, &reply->batch->records[i], chance);
    }
    add_body(response, "]");
}

/* ---- Refusals ---- */

enum shape { SHAPE_TEXT, SHAPE_NESTED, SHAPE_OBJECT, SHAPE_HEADER, SHAPES };

static void write_refusal(struct http_response *response, const struct model_reply *reply,
                          struct chance *chance, int64_t at_ms)
{
    enum shape shape = (enum shape)chance_below(chance, SHAPES);
    struct tm parts = split(world_hub_ms(at_ms));
    char time_text[40], body[512] = "";

    strftime(time_text, sizeof time_text, "%m/%d/%Y %H:%M:%S", &parts);
    if (shape == SHAPE_HEADER || chance_percent(chance, 50))
        answer_header(response, "iothub-errorcode: %s", reply->code_name);
    if (shape == SHAPE_TEXT)
        snprintf(body, sizeof body,
                 "{\"Message\":\"ErrorCode:%s;refused\",\"ExceptionMessage\":\"Tracking "
                 "ID:0123456789abcdef-G:1-TimeStamp:%s\"}",
                 reply->code_name, time_text);
    else if (shape == SHAPE_NESTED)
        snprintf(
            body, sizeof body,
            "{\"Message\":\"{\\\"errorCode\\\":%d,\\\"trackingId\\\":\\\"0123-TimeStamp:%s\\\","
            "\\\"message\\\":\\\"refused\\\"}\",\"ExceptionMessage\":\"\"}",
            reply->code, time_text);
    else if (shape == SHAPE_OBJECT)
        snprintf(
            body, sizeof body,
            "{\"Message\":{\"errorCode\":\"%d\",\"trackingId\":\"0123\",\"message\":\"refused\"}}",
            reply->code);
    add_body(response, body);
    if (response->status == 429 && chance_percent(chance, 50))
        answer_header(response, "Retry-After: %d", (int)chance_between(chance, 0, 20));
}

/* ---- Answers ---- */

static void write_result(struct http_response *response, const struct model_reply *reply)
{
    char text[128];

    /* Of a purge, or of the registry: each reads the members that it knows. */
    snprintf(text, sizeof text,
             "{\"totalMessagesPurged\":%" PRId64 ",\"deviceId\":\"dev\",\"status\":\"enabled\"}",
             reply->purged);
    add_body(response, text);
}

void answer_write(struct http_response *response, const struct model_reply *reply,
                  struct chance *chance, int64_t at_ms, int64_t date_off_s)
{
    response->status = reply->status;
    add_date(response, world_hub_ms(at_ms) + date_off_s * 1000);
    if (reply->code != 0)
        write_refusal(response, reply, chance, at_ms);
    else if (reply->message != NULL)
        write_message(response, reply, chance);
    else if (reply->batch != NULL)
        write_batch(response, reply, chance);
    else if (reply->status == 200)
        write_result(response, reply);
}

void answer_write_foreign(struct http_response *response, int status, struct chance *chance)
{
    response->status = status;
    if (status / 100 == 3)
        answer_header(response, "Location: https://portal.example/login");
    if (status != 204 && chance_percent(chance, 80)) {
        answer_header(response, "Content-Type: text/html");
        add_body(response, "<html><title>Blocked by policy</title></html>");
    }
}
