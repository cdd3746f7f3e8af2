/* Input: the bytes of a response to a receive. */
#include "check.h"
#include "engine/mask.h"
#include "hub/message.h"
#include "response.h"
#include "same_message.h"

#include <stdlib.h>
#include <string.h>

static void check_refused(struct c2d_error error)
{
    mask_error(&error, CANARY_TOKEN);
    check_error(&error);
}

static void check_message(struct http_response *response)
{
    struct c2d_message *message;
    struct c2d_error error = { 0 };

    if (message_from_response(response, "dev1", 1767225600, &message, &error) != C2D_OK) {
        CHECK(message == NULL);
        check_refused(error);
        return;
    }
    CHECK(message_is_lock_token(message->lock_token));
    for (size_t i = 0; i < message->property_count; i++)
        CHECK(c2d_message_property(message, message->properties[i].name) != NULL);
    check_round_trip(message);
    c2d_message_free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_reader reader;
    size_t text_size;
    char *text = input_replace(data, size, "KEY", CANARY, &text_size);
    struct c2d_error error = { 0 };

    if (!response_read(&reader, text, text_size)) {
        if (!http_reader_is_refusal(&reader))
            check_refused(reader.broken);
    } else if (http_reader_counts(&reader, true)) {
        CHECK(reader.response.status >= 200);
        if (http_reader_is_whole(&reader))
            CHECK(reader.framed || reader.response.status == 204);
        message_note_unreadable(&reader.response, &error);
        check_line(error.unreadable_sequence_number);
        if (reader.response.status == 200)
            check_message(&reader.response);
    }
    http_reader_clear(&reader);
    free(text);
    return 0;
}
