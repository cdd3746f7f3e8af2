/* Input: a line of a batch. A message that may be sent is read back from the headers of its
 * request. */
#include "base/error.h"
#include "check.h"
#include "cli/c2d-http/batch_line.h"
#include "hub/message.h"
#include "same_message.h"

#include <stdlib.h>
#include <string.h>

/* Hubs send "" for a missing text, and the reader takes it for missing. */
static const char *not_empty(const char *text)
{
    return text == NULL || *text == '\0' ? NULL : text;
}

static void check_received(const struct c2d_message *sent, const struct c2d_message *received)
{
    CHECK(same_text(not_empty(sent->message_id), received->message_id));
    CHECK(same_text(not_empty(sent->correlation_id), received->correlation_id));
    CHECK(same_text(not_empty(sent->user_id), received->user_id));
    CHECK(same_text(not_empty(sent->content_type), received->content_type));
    CHECK(same_text(not_empty(sent->content_encoding), received->content_encoding));
    CHECK(sent->ack == received->ack);
    CHECK(sent->property_count == received->property_count);
    for (size_t i = 0; i < sent->property_count; i++) {
        CHECK(strcmp(sent->properties[i].name, received->properties[i].name) == 0);
        CHECK(strcmp(sent->properties[i].value, received->properties[i].value) == 0);
    }
}

/* Passes the headers of the request through the reader of responses. */
static void check_headers(const struct c2d_message *sent)
{
    struct http_headers headers = { 0 };
    struct http_response response = { .status = 200 };
    struct c2d_message *received;
    struct buf line = { 0 };

    CHECK(message_add_headers(sent, NULL, &headers, NULL) == C2D_OK);
    if (sent->ttl_s > 0)
        message_set_expiry(&headers, (1767225600 + sent->ttl_s) * 1000);
    http_headers_add(&headers, "ETag", "\"lock\"", NULL);
    for (size_t i = 0; i < headers.count; i++) {
        buf_format(&line, "%s: %s", http_header_name(&headers, i), http_header_value(&headers, i));
        CHECK(http_headers_add_line(&response.headers, line.data, line.size, true, NULL) == C2D_OK);
        buf_clear(&line);
    }
    CHECK(message_from_response(&response, "dev1", 1767225600, &received, NULL) == C2D_OK);
    check_received(sent, received);
    c2d_message_free(received);
    http_headers_clear(&headers);
}

/* The reader of lines that are not valid finds the same texts. */
static void check_text(const char *line, const char *key, const char *text)
{
    char *found = batch_line_text(line, strlen(line), key);

    CHECK(found == NULL || text == NULL || strcmp(found, text) == 0);
    free(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = input_text(data, size);
    struct c2d_outgoing *outgoing;
    struct c2d_error error = { 0 };

    if (c2d_outgoing_from_json(&outgoing, text, strlen(text), &error) == C2D_OK) {
        check_text(text, "deviceId", outgoing->device_id);
        check_text(text, "messageId", outgoing->message.message_id);
        if (message_check(&outgoing->message, &error) == C2D_OK)
            check_headers(&outgoing->message);
        else
            check_line(error.text);
    } else {
        CHECK(outgoing == NULL && error.status != C2D_OK);
        check_line(error.text);
        check_text(text, "messageId", NULL);
    }
    c2d_outgoing_free(outgoing);
    free(text);
    return 0;
}
