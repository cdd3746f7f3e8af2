/* Input: a line of a spool or of a user, which should hold a received message. */
#include "check.h"
#include "same_message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = input_text(data, size);
    struct c2d_message *message;
    struct c2d_error error = { 0 };

    if (c2d_message_from_json(&message, text, strlen(text), &error) == C2D_OK) {
        CHECK(c2d_check_lock_token(message->lock_token, NULL) == C2D_OK);
        check_round_trip(message);
    } else {
        CHECK(message == NULL);
        check_error(&error);
    }
    c2d_message_free(message);
    free(text);
    return 0;
}
