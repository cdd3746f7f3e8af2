#include "../support/alloc.h"
#include "../support/table.h"
#include "c2d.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define TIMES "\"lockDeadline\":\"1970-01-01T00:01:00Z\",\"receivedTime\":\"1970-01-01T00:00:00Z\""

static const struct {
    const char *what;
    struct c2d_message message;
    const char *json;
} rows[] = {
    { "every key, in its order",
      { .body = "hello",
        .body_size = 5,
        .message_id = "m",
        .correlation_id = "c",
        .user_id = "u",
        .content_type = "text/plain",
        .content_encoding = "utf-8",
        .ack = C2D_ACK_FULL,
        .properties = (const struct c2d_property[]) { { "k", "v" }, { "e", "" } },
        .property_count = 2,
        .device_id = "d",
        .lock_token = "t",
        .to = "/to",
        .sequence_number = "18446744073709551615",
        .enqueued_time = "12/22/2017 12:14:12 AM",
        .expiry_time = "x",
        .delivery_count = 2,
        .lock_deadline_s = 60 },
      "{\"v\":1,\"deviceId\":\"d\",\"messageId\":\"m\",\"correlationId\":\"c\",\"userId\":\"u\","
      "\"to\":\"/to\",\"sequenceNumber\":\"18446744073709551615\","
      "\"enqueuedTime\":\"12/22/2017 12:14:12 AM\",\"expiryTime\":\"x\",\"deliveryCount\":2,"
      "\"ack\":\"full\",\"contentType\":\"text/plain\",\"contentEncoding\":\"utf-8\","
      "\"properties\":{\"k\":\"v\",\"e\":\"\"},\"lockToken\":\"t\"," TIMES ",\"bodySize\":5,"
      "\"bodyEncoding\":\"utf8\",\"body\":\"hello\"}" },
    { "absent keys",
      { .device_id = "d", .lock_token = "t", .delivery_count = -1, .lock_deadline_s = 60 },
      "{\"v\":1,\"deviceId\":\"d\",\"properties\":{},\"lockToken\":\"t\"," TIMES
      ",\"bodySize\":0,\"bodyEncoding\":\"utf8\",\"body\":\"\"}" },
    { "a property given twice: the last wins, all pairs are kept",
      { .properties = (const struct c2d_property[]) { { "k", "1" }, { "z", "2" }, { "k", "3" } },
        .property_count = 3,
        .lock_token = "t",
        .delivery_count = 0,
        .lock_deadline_s = 60 },
      "{\"v\":1,\"deliveryCount\":0,\"properties\":{\"z\":\"2\",\"k\":\"3\"},\"lockToken\":"
      "\"t\"," TIMES ",\"bodySize\":0,\"bodyEncoding\":\"utf8\",\"body\":\"\","
      "\"duplicateProperties\":[[\"k\",\"1\"],[\"z\",\"2\"],[\"k\",\"3\"]]}" },
    { "names that differ in case are two",
      { .properties = (const struct c2d_property[]) { { "k", "1" }, { "K", "2" } },
        .property_count = 2,
        .lock_token = "t",
        .delivery_count = -1,
        .lock_deadline_s = 60 },
      "{\"v\":1,\"properties\":{\"k\":\"1\",\"K\":\"2\"},\"lockToken\":\"t\"," TIMES
      ",\"bodySize\":0,\"bodyEncoding\":\"utf8\",\"body\":\"\"}" },
    { "bytes that are no UTF-8",
      { .message_id = "a\xff",
        .properties = (const struct c2d_property[]) { { "p", "\xc3" }, { "q", "ok" } },
        .property_count = 2,
        .lock_token = "t",
        .delivery_count = -1,
        .lock_deadline_s = 60 },
      "{\"v\":1,\"messageId\":\"a\\ufffd\",\"properties\":{\"p\":\"\\ufffd\",\"q\":\"ok\"},"
      "\"lockToken\":\"t\"," TIMES ",\"bodySize\":0,\"bodyEncoding\":\"utf8\",\"body\":\"\","
      "\"lossy\":{\"messageId\":\"Yf8=\",\"p\":\"ww==\"}}" },
    { "names that are the same in JSON",
      { .properties = (const struct c2d_property[]) { { "\xff", "1" }, { "\xfe", "2" } },
        .property_count = 2,
        .lock_token = "t",
        .delivery_count = -1,
        .lock_deadline_s = 60 },
      "{\"v\":1,\"properties\":{\"\\ufffd\":\"2\"},\"lockToken\":\"t\"," TIMES
      ",\"bodySize\":0,\"bodyEncoding\":\"utf8\",\"body\":\"\","
      "\"duplicateProperties\":[[\"\\ufffd\",\"1\"],[\"\\ufffd\",\"2\"]]}" },
};

/* Two names that a reader of the JSON cannot distinguish. */
static const struct c2d_property same_names[] = { { "a\xff", "\xff" }, { "a\xef\xbf\xbd", "ok" } };

Test(message_json, names_that_read_alike_are_duplicates)
{
    struct c2d_message message = { .properties = same_names, .property_count = 2 };
    char *line = c2d_message_to_json(&message, true);

    cr_expect_not_null(strstr(line, "\"properties\":{\"a\xef\xbf\xbd\":\"ok\"}"), "%s", line);
    cr_expect_not_null(strstr(line, "\"duplicateProperties\":[[\"a\\ufffd\",\"\\ufffd\"],"), "%s",
                       line);
    free(line);
}

Test(message_json, line_is_exactly_as_documented)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *line = c2d_message_to_json(&rows[i].message, true);

        cr_expect_str_eq(line, rows[i].json, "%s: %s", rows[i].what, line);
        free(line);
    }
}

static const struct {
    const char *body;
    size_t size;
    const char *encoding, *text;
} bodies[] = {
    { "abc", 3, "utf8", "abc" },
    { "\xe2\x82\xac\xf0\x9f\x98\x80", 7, "utf8", "\xe2\x82\xac\xf0\x9f\x98\x80" },
    { "a\nb\t\"\\\x1b", 7, "utf8", "a\nb\t\"\\\x1b" },
    { "\xc2\x9b"
      "31m\x7f",
      6, "utf8",
      "\xc2\x9b"
      "31m\x7f" },
    { "a\0b", 3, "base64", "YQBi" },
    { "\0", 1, "base64", "AA==" },
    { "\xff\xfe", 2, "base64", "//4=" },
    { "caf\xe9", 4, "base64", "Y2Fm6Q==" },
    { "\xed\xa0\x80", 3, "base64", "7aCA" },
};

Test(message_json, decoded_body_is_always_the_bytes_received)
{
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct c2d_message message = {
            .body = bodies[i].body,
            .body_size = bodies[i].size,
            .lock_token = "t",
        };
        char *line = c2d_message_to_json(&message, true);
        cJSON *tree = cJSON_Parse(line);

        cr_expect_not_null(tree, "row %zu: %s", i, line);
        cr_expect_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(tree, "bodyEncoding")),
                         bodies[i].encoding, "row %zu", i);
        cr_expect_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(tree, "body")), bodies[i].text,
                         "row %zu: %s", i, line);
        cr_expect_eq((size_t)cJSON_GetObjectItem(tree, "bodySize")->valuedouble, bodies[i].size);
        cJSON_Delete(tree);
        free(line);
    }
}

Test(message_json, line_holds_no_byte_that_moves_a_cursor)
{
    char body[128 * 2];
    size_t size = 0;
    char *line;

    /* U+0001 to U+009F */
    for (int code = 1; code < 0x80; code++)
        body[size++] = (char)code;
    for (int code = 0x80; code <= 0x9f; code++) {
        body[size++] = (char)0xc2;
        body[size++] = (char)code;
    }
    line = c2d_message_to_json(
        &(struct c2d_message) { .body = body, .body_size = size, .lock_token = "t" }, true);
    for (const char *at = line; *at != '\0'; at++)
        cr_expect(*at >= 0x20 && *at < 0x7f, "byte 0x%02x", (unsigned char)*at);
    cr_assert_not_null(strstr(line, "\\u009b"));
    free(line);
}

Test(message_json, failed_allocation_returns_null)
{
    for (size_t row = 0; row < COUNT(rows); row++)
        for (size_t n = 0; alloc_next(&n);) {
            char *line;

            alloc_fail_at(n, false);
            line = c2d_message_to_json(&rows[row].message, true);
            cr_expect_eq(line == NULL, alloc_stop(), "row %zu: allocation %zu", row, n);
            free(line);
        }
}
