/* All events pass through here: signatures and registry keys are masked, and texts of traces are
 * made printable. */
#include "observe.h"

#include "base/text.h"
#include "hub/device_info.h"
#include "mask.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void notify(const struct observe *observe, const struct c2d_event *event)
{
    if (observe->observer != NULL)
        observe->observer(observe->context, event);
}

void observe_attempt(const struct observe *observe, const struct http_request *request,
                     const struct c2d_error *error, int64_t elapsed_ms)
{
    notify(observe, &(struct c2d_event) {
                        .kind = C2D_EVENT_ATTEMPT,
                        .method = request->method,
                        .url = request->url.data,
                        .path = request->url.data + request->path_at,
                        .attempt = error->attempts,
                        .http_status = error->http_status,
                        .elapsed_ms = elapsed_ms,
                        .text = error->text,
                        .text_size = strlen(error->text),
                    });
}

void observe_warning(const struct observe *observe, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) < 0)
        text[0] = '\0';
    va_end(args);
    notify(observe, &(struct c2d_event) {
                        .kind = C2D_EVENT_WARNING,
                        .text = text,
                        .text_size = strlen(text),
                    });
}

/* Appends the headers, each between before and after. Masks the signature at once, so that no
 * buffer holds it for longer than needed. */
static void append_headers(struct buf *out, const struct http_request *request, const char *before,
                           const char *after)
{
    size_t start = out->size;

    if (request->authorization != NULL) {
        buf_format(out, "%sAuthorization: %s%s", before, request->authorization, after);
        if (!out->failed)
            mask_signature(out->data + start, out->size - start, request->authorization);
    }
    for (size_t i = 0; i < request->headers.count; i++)
        buf_format(out, "%s%s: %s%s", before, http_header_name(&request->headers, i),
                   http_header_value(&request->headers, i), after);
}

bool observe_dry_run(const struct observe *observe, const struct http_request *request)
{
    size_t count = request->headers.count + (request->authorization != NULL ? 1 : 0);
    const char **lines = calloc(count + 1, sizeof *lines);
    struct buf text = { 0 };
    bool ok;
    char *line;

    append_headers(&text, request, "", "\n");
    ok = lines != NULL && !text.failed && !request->url.failed;
    if (!ok)
        goto done;
    /* After the last append: the buffer moves when it grows. */
    line = text.data;
    for (size_t i = 0; i < count; i++) {
        lines[i] = line;
        line = strchr(line, '\n'); /* header values hold none */
        *line++ = '\0';
    }
    notify(observe, &(struct c2d_event) {
                        .kind = C2D_EVENT_DRY_RUN,
                        .method = request->method,
                        .url = request->url.data,
                        .path = request->url.data + request->path_at,
                        .headers = lines,
                        .header_count = count,
                        .body = request->body,
                        .body_size = request->body_size,
                    });
done:
    free(lines);
    buf_clear(&text);
    return ok;
}

static void notify_trace(const struct observe *observe, struct buf *text)
{
    if (!text->failed)
        notify(observe, &(struct c2d_event) {
                            .kind = C2D_EVENT_TRACE,
                            .text = text->data,
                            .text_size = text->size,
                        });
    buf_clear(text);
}

static void append_body(struct buf *out, const char *mark, const void *body, size_t size)
{
    if (size == 0)
        return;
    buf_format(out, "%s [%zu bytes] ", mark, size);
    text_append_printable(out, body, size);
    buf_byte(out, '\n');
}

void observe_request(const struct observe *observe, const struct http_request *request)
{
    struct buf text = { 0 };

    if (!observe->trace)
        return;
    buf_format(&text, "> %s %s HTTP/1.1\n", request->method, request->url.data);
    append_headers(&text, request, "> ", "\n");
    append_body(&text, ">", request->body, request->body_size);
    notify_trace(observe, &text);
}

static void append_response_body(struct buf *out, const struct http_response *response,
                                 bool returns_keys)
{
    struct buf shown = { 0 };

    if (!returns_keys)
        append_body(out, "<", response->body.data, response->body.size);
    else if (device_info_append_masked(&shown, &response->body))
        append_body(out, "<", shown.data, shown.size);
    else
        buf_format(out, "< [%zu bytes that may hold keys]\n", response->body.size);
    buf_clear(&shown);
}

void observe_response(const struct observe *observe, const struct http_request *request,
                      const struct http_response *response, bool returns_keys)
{
    struct buf text = { 0 };

    if (!observe->trace)
        return;
    buf_format(&text, "< HTTP %d\n", response->status);
    for (size_t i = 0; i < response->headers.count; i++) {
        const char *name = http_header_name(&response->headers, i);
        const char *value = http_header_value(&response->headers, i);

        buf_text(&text, "< ");
        text_append_printable(&text, name, strlen(name));
        buf_text(&text, ": ");
        text_append_printable(&text, value, strlen(value));
        buf_byte(&text, '\n');
    }
    append_response_body(&text, response, returns_keys);
    if (!text.failed)
        mask_signature(text.data, text.size, request->authorization);
    notify_trace(observe, &text);
}

void observe_note(void *observe, const char *text, size_t size)
{
    struct buf line = { 0 };

    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
        size--;
    buf_text(&line, "* ");
    text_append_printable(&line, text, size);
    buf_byte(&line, '\n');
    notify_trace(observe, &line);
}
