/* log: the last thousand requests as they came, so that a test can see what a client sent. */
#define _GNU_SOURCE /* strcasestr */
#include "log.h"

#include "json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void log_add(struct log *log, const struct log_entry *entry, struct http_request *request)
{
    struct log_entry *slot;

    if (log->entries == NULL)
        log->entries = calloc(LOG_MAX, sizeof *log->entries);
    if (log->entries == NULL)
        return;
    slot = &log->entries[log->count++ % LOG_MAX];
    http_request_clear(&slot->request);
    *slot = *entry;
    slot->body_size = request->body_size;
    slot->request = *request;
    slot->request.body = NULL;
    request->head = NULL;
    request->headers = NULL;
}

/* Appends a token without its signature, which is worth as much as the key until it expires. */
static void format_token(const char *value, struct buf *out)
{
    struct buf masked = { 0 };
    const char *sig = strcasestr(value, "sig=");

    while (sig != NULL) {
        buf_append(&masked, value, (size_t)(sig - value) + 4);
        buf_text(&masked, "***");
        value = sig + 4 + strcspn(sig + 4, "&");
        sig = strcasestr(value, "sig=");
    }
    buf_text(&masked, value);
    json_string(out, masked.data);
    out->failed |= masked.failed;
    buf_clear(&masked);
}

static void format_headers(const struct http_request *request, struct buf *out)
{
    buf_text(out, "[");
    for (size_t i = 0; i < request->header_count; i++) {
        buf_text(out, i == 0 ? "[" : ",[");
        json_string(out, request->headers[i].name);
        buf_text(out, ",");
        if (strcasecmp(request->headers[i].name, "Authorization") == 0)
            format_token(request->headers[i].value, out);
        else
            json_string(out, request->headers[i].value);
        buf_text(out, "]");
    }
    buf_text(out, "]");
}

static void format_entry(const struct log_entry *entry, struct buf *out)
{
    buf_format(out, "{\"operation\":\"%s\"", operation_name(entry->operation));
    json_member(out, "deviceId", entry->device_id);
    json_member(out, "method", entry->request.method);
    json_member(out, "target", entry->request.target);
    buf_format(out, ",\"httpStatus\":%d,\"effect\":%s,\"headers\":", entry->http_status,
               entry->effect ? "true" : "false");
    format_headers(&entry->request, out);
    buf_format(out, ",\"bodySize\":%zu,\"connection\":%" PRIu64 ",\"fault\":%s}", entry->body_size,
               entry->connection, entry->fault ? "true" : "false");
}

void log_format(const struct log *log, struct buf *out)
{
    uint64_t first = log->count > LOG_MAX ? log->count - LOG_MAX : 0;

    buf_text(out, "[");
    for (uint64_t i = first; i < log->count; i++) {
        buf_text(out, i == first ? "" : ",");
        format_entry(&log->entries[i % LOG_MAX], out);
    }
    buf_text(out, "]");
}

void log_clear(struct log *log)
{
    for (size_t i = 0; log->entries != NULL && i < LOG_MAX; i++)
        http_request_clear(&log->entries[i].request);
    free(log->entries);
    *log = (struct log) { 0 };
}
