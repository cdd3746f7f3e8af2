/* control_enqueue: messages put into a queue past all checks, so that odd ones can be tried. */
#include "control_json.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

struct enqueue {
    struct message *message;
    char *device_id;
    int64_t ttl_s;
    int64_t count;
    bool has_body;
};

static bool done_or_memory(struct control *control, bool done)
{
    return done || control_fail(control, "out of memory");
}

static bool set_body(struct control *control, const cJSON *value, void *target)
{
    struct enqueue *enqueue = target;
    const char *text = control_text(control, value);

    if (text == NULL)
        return false;
    if (enqueue->has_body)
        return control_fail(control, "body and bodyBase64");
    enqueue->has_body = true;
    return done_or_memory(control, message_set_body(enqueue->message, text, strlen(text)));
}

static bool set_body_base64(struct control *control, const cJSON *value, void *target)
{
    struct enqueue *enqueue = target;
    const char *text = control_text(control, value);
    size_t size = 0;
    unsigned char *body;
    bool done;

    if (text == NULL)
        return false;
    if (enqueue->has_body)
        return control_fail(control, "body and bodyBase64");
    enqueue->has_body = true;
    body = crypto_base64_decode(text, &size);
    if (body == NULL)
        return control_fail(control, "bodyBase64 is no base64");
    done = message_set_body(enqueue->message, body, size);
    free(body);
    return done_or_memory(control, done);
}

static bool set_field(struct control *control, const cJSON *value, void *target)
{
    struct enqueue *enqueue = target;
    const char *text = control_text(control, value);
    int field = 0;

    if (text == NULL)
        return false;
    while (strcmp(message_field_json((enum message_field)field), value->string) != 0)
        field++; /* the table below names fields only */
    return done_or_memory(control,
                          message_set_field(enqueue->message, (enum message_field)field, text));
}

static bool set_ack(struct control *control, const cJSON *value, void *target)
{
    struct enqueue *enqueue = target;
    const char *text = control_text(control, value);

    return text != NULL
           && (message_ack_parse(text, &enqueue->message->ack)
               || control_fail(control, "ack must be none, positive, negative or full"));
}

static bool set_delivery_count(struct control *control, const cJSON *value, void *target)
{
    struct enqueue *enqueue = target;
    int64_t number;

    if (!control_number(control, value, 0, 1000, &number))
        return false;
    enqueue->message->delivery_count = (unsigned)number;
    return true;
}

static bool add_property(struct control *control, const char *name, const cJSON *value,
                         struct message *message)
{
    const char *text = control_text(control, value);

    return text != NULL && done_or_memory(control, message_add_property(message, name, text));
}

/* {name:value} or [[name,value],…] */
static bool set_properties(struct control *control, const cJSON *value, void *target)
{
    struct enqueue *enqueue = target;
    const cJSON *item;

    if (!cJSON_IsObject(value) && !cJSON_IsArray(value))
        return control_fail(control, "properties must be an object or [[name,value],...]");
    cJSON_ArrayForEach(item, value)
    {
        const cJSON *pair_name = cJSON_GetArrayItem(item, 0);
        const char *name = cJSON_IsArray(value) ? cJSON_GetStringValue(pair_name) : item->string;
        const cJSON *text = cJSON_IsArray(value) ? cJSON_GetArrayItem(item, 1) : item;

        if (name == NULL)
            return control_fail(control, "properties must be an object or [[name,value],...]");
        if (!add_property(control, name, text, enqueue->message))
            return false;
    }
    return true;
}

static bool set_raw_headers(struct control *control, const cJSON *value, void *target)
{
    struct enqueue *enqueue = target;
    struct buf lines = { 0 };

    if (!control_header_lines(control, value, &lines)) {
        buf_clear(&lines);
        return false;
    }
    free(enqueue->message->raw_headers);
    enqueue->message->raw_headers = lines.data;
    enqueue->message->raw_headers_size = lines.size;
    return true;
}

static const struct control_member members[] = {
    { "deviceId", control_set_text, offsetof(struct enqueue, device_id) },
    { "body", set_body, 0 },
    { "bodyBase64", set_body_base64, 0 },
    { "messageId", set_field, 0 },
    { "correlationId", set_field, 0 },
    { "userId", set_field, 0 },
    { "contentType", set_field, 0 },
    { "contentEncoding", set_field, 0 },
    { "ack", set_ack, 0 },
    { "ttl", control_set_number, offsetof(struct enqueue, ttl_s) },
    { "deliveryCount", set_delivery_count, 0 },
    { "properties", set_properties, 0 },
    { "rawHeaders", set_raw_headers, 0 },
    { "count", control_set_number, offsetof(struct enqueue, count) },
    { NULL, NULL, 0 },
};

/* Queues the copies that fit. */
static bool append_copies(struct control *control, const struct enqueue *enqueue,
                          struct queue *queue)
{
    int64_t now_ms = hub_now_ms(control->hub);
    int64_t done = 0;

    queue_sweep(queue, now_ms);
    enqueue->message->expires_ms = now_ms + enqueue->ttl_s * 1000;
    for (; done < enqueue->count && queue->depth < QUEUE_MAX; done++) {
        struct message *copy = message_copy(enqueue->message);

        if (copy == NULL)
            return control_fail(control, "out of memory");
        queue_append(queue, copy, now_ms);
    }
    buf_format(control->reply, "{\"enqueued\":%d}", (int)done);
    return true;
}

bool control_enqueue(struct control *control)
{
    struct enqueue enqueue = { .message = message_new(), .ttl_s = 3600, .count = 1 };
    struct device *device = NULL;
    bool done;

    if (enqueue.message == NULL)
        return control_fail(control, "out of memory");
    done = control_read(control, control->arguments, members, &enqueue);
    if (done && enqueue.device_id != NULL)
        device = hub_find_device(control->hub, enqueue.device_id);
    if (done && device == NULL)
        done = control_fail(control, "deviceId names no device");
    else if (done)
        done = append_copies(control, &enqueue, &device->queue);
    message_free(enqueue.message);
    free(enqueue.device_id);
    return done;
}
