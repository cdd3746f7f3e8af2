/* Input: the body of a feedback batch. */
#include "check.h"
#include "hub/feedback.h"
#include "hub/json_read.h"
#include "same_message.h"

#include <stdlib.h>
#include <string.h>

/* Reads a record's JSON back, and compares all of its texts. */
static void check_record(const struct c2d_feedback *feedback, size_t index)
{
    const struct c2d_feedback_record *record = &feedback->records[index];
    const char *const texts[][2] = {
        { "originalMessageId", record->original_message_id },
        { "deviceId", record->device_id },
        { "deviceGenerationId", record->device_generation_id },
        { "statusCode", record->status_code },
        { "description", record->description },
        { "enqueuedTimeUtc", record->enqueued_time },
    };
    char *json = c2d_feedback_to_json(feedback, index);
    struct cJSON *root;
    double size = 0;

    check_json(json);
    CHECK(json_parse(json, strlen(json), &root, NULL) == C2D_OK);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        CHECK(same_text(json_text_member(root, texts[i][0]), texts[i][1]));
    CHECK(json_as_number(json_member(json_member(root, "batch"), "size"), 1e9, &size)
          && size == (double)feedback->record_count);
    if (record->extra_json != NULL)
        check_json(record->extra_json);
    CHECK(record->outcome == C2D_FEEDBACK_UNKNOWN || record->status_code != NULL);
    json_free(root);
    free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = input_text(data, size);
    const struct buf body = { .data = text, .size = strlen(text) };
    struct c2d_feedback *feedback;
    struct c2d_error error = { 0 };

    if (feedback_read(&body, "lock", &feedback, &error) == C2D_OK) {
        for (size_t i = 0; i < feedback->record_count; i++)
            check_record(feedback, i);
        CHECK(c2d_feedback_to_json(feedback, feedback->record_count) == NULL);
    } else {
        CHECK(feedback == NULL);
        check_error(&error);
    }
    c2d_feedback_free(feedback);
    free(text);
    return 0;
}
