/* Feedback batches: module json. */
#include "../support/table.h"
#include "hub/feedback.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum c2d_status read_batch(const char *text, struct c2d_feedback **feedback)
{
    struct buf body = { 0 };
    enum c2d_status status;

    if (*text != '\0')
        buf_text(&body, text);
    status = feedback_read(&body, "lock", feedback, NULL);
    buf_clear(&body); /* the batch must not refer to the body */
    return status;
}

Test(feedback, documented_batch_is_read_completely)
{
    struct c2d_feedback *batch = NULL;
    const struct c2d_feedback_record *record;

    cr_assert_eq(
        read_batch("[{\"originalMessageId\":\"m1\",\"enqueuedTimeUtc\":\"2015-07-28T16:24:48.789Z\""
                   ",\"statusCode\":\"Success\",\"description\":\"Success\",\"deviceId\":\"d1\","
                   "\"deviceGenerationId\":\"g1\"},{\"originalMessageId\":\"m2\"}]",
                   &batch),
        C2D_OK);
    cr_assert_str_eq(batch->lock_token, "lock");
    cr_assert_eq(batch->record_count, 2);
    record = batch->records;
    cr_assert_str_eq(record->original_message_id, "m1");
    cr_assert_str_eq(record->enqueued_time, "2015-07-28T16:24:48.789Z");
    cr_assert_str_eq(record->status_code, "Success");
    cr_assert_str_eq(record->description, "Success");
    cr_assert_str_eq(record->device_id, "d1");
    cr_assert_str_eq(record->device_generation_id, "g1");
    cr_assert_null(record->extra_json);
    cr_assert_str_eq(record[1].original_message_id, "m2");
    cr_assert_null(record[1].device_id);
    cr_assert_null(record[1].status_code);
    c2d_feedback_free(batch);
}

static const struct {
    const char *json, *word;
} words[] = {
    { "0", "Success" },
    { "1", "Expired" },
    { "2", "DeliveryCountExceeded" },
    { "3", "Rejected" },
    { "4", "Purged" },
    { "\"success\"", "Success" },
    { "\"EXPIRED\"", "Expired" },
    { "\"deliveryCountexceeded\"", "DeliveryCountExceeded" },
    { "\"Rejected\"", "Rejected" },
    { "\"purged\"", "Purged" },
    { "\"Teleported\"", "Teleported" },
    { "\"\"", NULL },
    { "5", NULL },
    { "-1", NULL },
    { "1.5", NULL },
    { "null", NULL },
};

static const struct {
    const char *members, *word;
} implied[] = {
    { "\"description\":\"Success\"", "Success" },
    { "\"description\":\"DELIVERYCOUNTEXCEEDED\"", "DeliveryCountExceeded" },
    { "\"statusCode\":null,\"description\":\"expired\"", "Expired" },
    { "\"description\":\"purged\",\"statusCode\":\"\"", "Purged" },
    { "\"description\":\"Success\",\"statusCode\":\"rejected\"", "Rejected" },
    { "\"description\":\"Success\",\"statusCode\":\"Teleported\"", "Teleported" },
    { "\"statusCode\":0,\"description\":\"Message rejected\"", "Success" },
    { "\"statusCode\":\"Success\",\"statusCode\":\"Rejected\"", "Success" },
    { "\"statusCode\":7,\"description\":\"Success\"", NULL },
    { "\"description\":\"Message rejected\"", NULL },
    { "\"description\":\"0\"", NULL },
};

Test(feedback, without_a_status_the_description_is_the_outcome_if_it_is_one_of_the_five_words)
{
    for (size_t i = 0; i < COUNT(implied); i++) {
        char text[128];
        struct c2d_feedback *batch = NULL;

        snprintf(text, sizeof text, "[{%s}]", implied[i].members);
        cr_assert_eq(read_batch(text, &batch), C2D_OK, "%s", text);
        if (implied[i].word == NULL)
            cr_expect_null(batch->records->status_code, "%s", text);
        else
            cr_expect_str_eq(batch->records->status_code, implied[i].word, "%s", text);
        c2d_feedback_free(batch);
    }
}

Test(feedback, status_is_one_of_five_words_for_numbers_and_any_case)
{
    for (size_t i = 0; i < COUNT(words); i++) {
        char text[128];
        struct c2d_feedback *batch = NULL;

        snprintf(text, sizeof text, "[{\"statusCode\":%s}]", words[i].json);
        cr_expect_eq(read_batch(text, &batch), C2D_OK, "%s", text);
        if (words[i].word == NULL) {
            cr_expect_null(batch->records->status_code, "%s", text);
            cr_expect_not_null(batch->records->extra_json, "%s is dropped", text);
        } else {
            cr_expect_str_eq(batch->records->status_code, words[i].word, "%s", text);
        }
        c2d_feedback_free(batch);
    }
}

static const struct {
    const char *what, *body, *line;
} lines[] = {
    { "nothing", "[{}]", "{\"v\":1,\"batch\":{\"lockToken\":\"lock\",\"index\":0,\"size\":1}}" },
    { "names in any case", "[{\"DeviceID\":\"d\",\"STATUSCODE\":0}]",
      "{\"v\":1,\"deviceId\":\"d\",\"statusCode\":\"Success\",\"batch\":{\"lockToken\":\"lock\","
      "\"index\":0,\"size\":1}}" },
    { "unknown members", "[{\"new\":{\"a\":[1,true,null]},\"deviceId\":\"d\",\"n\":\"x\"}]",
      "{\"v\":1,\"deviceId\":\"d\",\"extra\":{\"new\":{\"a\":[1,true,null]},\"n\":\"x\"},"
      "\"batch\":{\"lockToken\":\"lock\",\"index\":0,\"size\":1}}" },
    { "numbers that no double holds, and a text between them",
      "[{\"a\":9007199254740993,\"b\": [-1.50 ,\"\\\"7\",1E+2] ,\"c\":0.10000000000000000001},"
      "{\"deviceId\":\"d1\"}]",
      "{\"v\":1,\"extra\":{\"a\":9007199254740993,\"b\":[-1.50,\"\\\"7\",1E+2],"
      "\"c\":0.10000000000000000001},\"batch\":{\"lockToken\":\"lock\",\"index\":0,\"size\":2}}" },
    { "a number of more digits than cJSON reads",
      "[{\"a\":1234567890123456789012345678901234567890123456789012345678901234567890,\"b\":8}]",
      "{\"v\":1,\"extra\":{\"a\":"
      "1234567890123456789012345678901234567890123456789012345678901234567890,\"b\":8},"
      "\"batch\":{\"lockToken\":\"lock\",\"index\":0,\"size\":1}}" },
    { "known members of another type", "[{\"deviceId\":7,\"description\":null}]",
      "{\"v\":1,\"extra\":{\"deviceId\":7,\"description\":null},\"batch\":{\"lockToken\":\"lock\","
      "\"index\":0,\"size\":1}}" },
    { "a member given twice", "[{\"deviceId\":\"a\",\"deviceId\":\"b\"}]",
      "{\"v\":1,\"deviceId\":\"a\",\"extra\":{\"deviceId\":\"b\"},\"batch\":{\"lockToken\":"
      "\"lock\",\"index\":0,\"size\":1}}" },
    { "all keys, in their order",
      "[{\"enqueuedTimeUtc\":\"t\",\"description\":\"x\",\"statusCode\":\"Purged\","
      "\"deviceGenerationId\":\"g\",\"deviceId\":\"d\",\"originalMessageId\":\"m\"}]",
      "{\"v\":1,\"originalMessageId\":\"m\",\"deviceId\":\"d\",\"deviceGenerationId\":\"g\","
      "\"statusCode\":\"Purged\",\"description\":\"x\",\"enqueuedTimeUtc\":\"t\","
      "\"batch\":{\"lockToken\":\"lock\",\"index\":0,\"size\":1}}" },
    { "controls in a description",
      "[{\"description\":\"\xc2\x9b"
      "31m\\u001b\x7f\"}]",
      "{\"v\":1,\"description\":\"\\u009b31m\\u001b\\u007f\",\"batch\":{\"lockToken\":\"lock\","
      "\"index\":0,\"size\":1}}" },
};

Test(feedback, record_becomes_one_line_with_all_its_members)
{
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct c2d_feedback *batch = NULL;
        char *line;

        cr_expect_eq(read_batch(lines[i].body, &batch), C2D_OK, "%s", lines[i].what);
        line = c2d_feedback_to_json(batch, 0);
        cr_expect_str_eq(line, lines[i].line, "%s: %s", lines[i].what, line);
        free(line);
        c2d_feedback_free(batch);
    }
}

Test(feedback, line_has_the_index_of_the_record_in_its_batch)
{
    struct c2d_feedback *batch = NULL;
    char *line;

    cr_assert_eq(read_batch("[{},{},{}]", &batch), C2D_OK);
    line = c2d_feedback_to_json(batch, 2);
    cr_assert_not_null(strstr(line, "\"index\":2,\"size\":3"), "%s", line);
    free(line);
    c2d_feedback_free(batch);
}

Test(feedback, empty_batch_is_a_batch)
{
    struct c2d_feedback *batch = NULL;

    cr_assert_eq(read_batch("[]", &batch), C2D_OK);
    cr_assert_eq(batch->record_count, 0);
    c2d_feedback_free(batch);
}

Test(feedback, body_that_is_no_array_of_objects_is_refused)
{
    static const char *const bodies[] = { "",        "{}",     "null",   "\"x\"",
                                          "[",       "[{}",    "[1]",    "[null]",
                                          "[{},[]]", "[{}] x", "<html>", "[{\"a\":\"\xff\"}]" };

    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct c2d_feedback *batch = NULL;

        cr_expect_eq(read_batch(bodies[i], &batch), C2D_PROTOCOL, "%s", bodies[i]);
        cr_expect_null(batch, "%s", bodies[i]);
    }
}

Test(feedback, line_holds_no_byte_that_moves_a_cursor_even_in_unknown_members)
{
    struct c2d_feedback *batch = NULL;
    char *line;

    cr_assert_eq(read_batch("[{\"new\":\"\xc2\x9b"
                            "31m\\u001b\x7f\"}]",
                            &batch),
                 C2D_OK);
    line = c2d_feedback_to_json(batch, 0);
    for (const char *at = line; *at != '\0'; at++)
        cr_expect(*at >= 0x20 && *at < 0x7f, "byte 0x%02x", (unsigned char)*at);
    free(line);
    c2d_feedback_free(batch);
}

Test(feedback, text_that_only_the_grammar_allows_is_no_failed_allocation)
{
    static const char *const bodies[] = {
        "[{\"description\":\"\\ud800\"}]", /* half of a surrogate pair */
        "[{\"new\":1000000000000000000000000000000000000000000000000000000000000000000000000}]",
    };

    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct c2d_feedback *batch = NULL;
        enum c2d_status status = read_batch(bodies[i], &batch);

        cr_expect(status == C2D_OK || status == C2D_PROTOCOL, "row %zu: %s", i,
                  c2d_status_name(status));
        c2d_feedback_free(batch);
    }
}

Test(feedback, unknown_members_after_a_record_without_any_are_freed)
{
    struct c2d_feedback *batch = NULL;

    cr_assert_eq(read_batch("[{\"deviceId\":\"a\"},{\"deviceId\":\"b\",\"x\":1}]", &batch), C2D_OK);
    cr_assert_null(batch->records[0].extra_json);
    cr_assert_str_eq(batch->records[1].extra_json, "{\"x\":1}");
    c2d_feedback_free(batch); /* sanitizers report a leak */
}

Test(feedback, outcome_is_read_from_word_number_or_description)
{
    static const struct {
        const char *record;
        enum c2d_feedback_outcome outcome;
    } rows[] = {
        { "{\"statusCode\":\"Success\"}", C2D_FEEDBACK_SUCCESS },
        { "{\"statusCode\":\"EXPIRED\"}", C2D_FEEDBACK_EXPIRED },
        { "{\"statusCode\":2}", C2D_FEEDBACK_DELIVERY_COUNT_EXCEEDED },
        { "{\"statusCode\":\"Rejected\",\"description\":\"Success\"}", C2D_FEEDBACK_REJECTED },
        { "{\"statusCode\":4}", C2D_FEEDBACK_PURGED },
        { "{\"description\":\"success\"}", C2D_FEEDBACK_SUCCESS },
        { "{\"statusCode\":null,\"description\":\"Expired\"}", C2D_FEEDBACK_EXPIRED },
        { "{\"statusCode\":\"Lost\",\"description\":\"Success\"}", C2D_FEEDBACK_UNKNOWN },
        { "{\"statusCode\":9,\"description\":\"Success\"}", C2D_FEEDBACK_UNKNOWN },
        { "{}", C2D_FEEDBACK_UNKNOWN },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct c2d_feedback *batch = NULL;
        char text[128];

        snprintf(text, sizeof text, "[%s]", rows[i].record);
        cr_assert_eq(read_batch(text, &batch), C2D_OK);
        cr_expect_eq(batch->records[0].outcome, rows[i].outcome, "%s", rows[i].record);
        c2d_feedback_free(batch);
    }
}
