/* state: all that a test may want to know about the hub, as one JSON object. */
#include "state.h"

#include "json.h"
#include "text.h"

#include <inttypes.h>

static void format_time_member(struct buf *out, const char *name, int64_t time_ms)
{
    char time[TIME_TEXT_SIZE];

    time_format_iso(time_ms, time);
    json_member(out, name, time);
}

static void format_properties(const struct message *message, struct buf *out)
{
    buf_text(out, ",\"properties\":{");
    for (size_t i = 0; i < message->property_count; i++) {
        buf_text(out, i == 0 ? "" : ",");
        json_string(out, message->properties[i].name);
        buf_text(out, ":");
        json_string(out, message->properties[i].value);
    }
    buf_text(out, "}");
}

static void format_message(const struct message *message, struct buf *out)
{
    buf_format(out, "{\"sequenceNumber\":%" PRIu64 ",\"deliveryCount\":%u,\"state\":\"%s\"",
               message->sequence_number, message->delivery_count,
               message->locked_until_ms != 0 ? "locked" : "enqueued");
    if (message->locked_until_ms != 0)
        json_member(out, "lockToken", message->lock_token);
    for (int i = 0; i < FIELD_COUNT; i++)
        if (message->fields[i] != NULL)
            json_member(out, message_field_json((enum message_field)i), message->fields[i]);
    json_member(out, "ack", message_ack_name(message->ack));
    format_time_member(out, "expiry", message->expires_ms);
    format_time_member(out, "enqueuedTime", message->enqueued_ms);
    format_properties(message, out);
    buf_format(out, ",\"bodySize\":%zu,\"bodyBase64\":", message->body_size);
    json_base64(out, message->body, message->body_size);
    buf_text(out, "}");
}

static void format_counters(const struct queue *queue, struct buf *out)
{
    static const char *const names[OUTCOME_COUNT] = { "completed", "expired",
                                                      "deliveryCountExceeded", "rejected",
                                                      "purged" };

    buf_format(out, ",\"enqueued\":%" PRIu64 ",\"delivered\":%" PRIu64 ",\"abandoned\":%" PRIu64,
               queue->enqueued, queue->delivered, queue->abandoned);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        buf_format(out, ",\"%s\":%" PRIu64, names[i], queue->ended[i]);
}

static void format_device(struct device *device, int64_t now_ms, struct buf *out)
{
    const struct message *first;

    queue_sweep(&device->queue, now_ms);
    first = device->queue.messages;
    json_string(out, device->id);
    buf_text(out, ":{\"generationId\":");
    json_string(out, device->generation_id);
    json_member(out, "status", device->is_disabled ? "disabled" : "enabled");
    buf_text(out, ",\"queue\":[");
    for (const struct message *message = first; message != NULL; message = message->next) {
        buf_text(out, message == first ? "" : ",");
        format_message(message, out);
    }
    buf_text(out, "]");
    format_counters(&device->queue, out);
    buf_text(out, "}");
}

static void format_devices(struct hub *hub, const char *device_id, int64_t now_ms, struct buf *out)
{
    struct device *device = device_id != NULL ? hub_find_device(hub, device_id) : NULL;

    if (device != NULL)
        format_device(device, now_ms, out);
    for (size_t i = 0; device_id == NULL && i < hub->devices.count; i++) {
        buf_text(out, i == 0 ? "" : ",");
        format_device(hub->devices.items[i], now_ms, out);
    }
}

void state_format(struct hub *hub, const char *device_id, bool with_log, struct buf *out)
{
    int64_t now_ms = hub_now_ms(hub);

    hub_sweep(hub, now_ms);
    buf_format(out,
               "{\"now\":%" PRId64 ".%03d,\"requests\":%" PRIu64 ",\"connections\":%" PRIu64
               ",\"devices\":{",
               now_ms / 1000, (int)(now_ms % 1000), hub->requests, hub->connections);
    format_devices(hub, device_id, now_ms, out);
    buf_text(out, "},\"feedback\":");
    feedback_format(&hub->feedback, out);
    if (with_log) {
        buf_text(out, ",\"log\":");
        log_format(&hub->log, out);
    }
    buf_text(out, "}");
}
