#include "../support/alloc.h"
#include "../support/script.h"
#include "c2d.h"
#include "hub/message.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define ALL "ETag: \"t\"", "iothub-enqueuedtime: 2026-01-31T12:00:00.789Z"

static const struct {
    const char *what;
    const char *headers[SCRIPT_HEADERS];
    const char *body;
    size_t body_size;
} rows[] = {
    { "every system header",
      { ALL, "iothub-messageid: m", "iothub-correlationid: c", "iothub-userid: u", "iothub-to: /to",
        "iothub-sequencenumber: 18446744073709551615", "iothub-expiry: 12/22/2017 12:14:12 AM",
        "iothub-deliverycount: 2147483647", "iothub-ack: full", "ContentType: a/b",
        "ContentEncoding: gzip" },
      "hello",
      5 },
    { "nothing but a token", { "ETag: t" }, "", 0 },
    { "a body that is no text", { ALL }, "\x00\xff\n", 3 },
    { "a body of quotes and controls", { ALL }, "\"\\\x01\x1b\x7f", 5 },
    { "properties",
      { ALL, "iothub-app-Message Type/: v", "iothub-app-K: V", "iothub-app-e:" },
      "x",
      1 },
    { "control bytes in a property",
      { ALL, "iothub-app-a\tb\x01: \x01v\rw\x1b[2J", "iothub-messageid: m\x02" },
      "x",
      1 },
    { "a property given twice",
      { ALL, "iothub-app-k: 1", "iothub-app-z: 2", "iothub-app-k: 3" },
      "x",
      1 },
    { "values that are no UTF-8",
      { ALL, "iothub-messageid: m\xff", "iothub-app-messageId: \xfe",
        "iothub-app-b: \xef\xbf\xbd" },
      "x",
      1 },
    { "an id that is U+FFFD, and a property called like it that is no UTF-8",
      { ALL, "iothub-messageid: \xef\xbf\xbd", "iothub-app-messageId: \xfe" },
      "x",
      1 },
    { "an id that is no UTF-8, and a property called like it that is U+FFFD",
      { ALL, "iothub-messageid: \xfe", "iothub-app-messageId: \xef\xbf\xbd" },
      "x",
      1 },
    { "a property given four times, as UTF-8 and not",
      { ALL, "iothub-app-k: \xef\xbf\xbd", "iothub-app-k: \xfe", "iothub-app-k: \xfd",
        "iothub-app-k: v\xef\xbf\xbd" },
      "x",
      1 },
};

static struct c2d_message *received(size_t row)
{
    struct http_response response =
        response_for_test(200, rows[row].headers, rows[row].body, rows[row].body_size);
    struct c2d_message *message = NULL;

    cr_assert_eq(message_from_response(&response, "dev1", 1767225600, &message, NULL), C2D_OK);
    return message;
}

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_properties(const struct c2d_message *a, const struct c2d_message *b)
{
    for (size_t i = 0; a->property_count == b->property_count && i < a->property_count; i++)
        if (!same(a->properties[i].name, b->properties[i].name)
            || !same(a->properties[i].value, b->properties[i].value))
            return false;
    return a->property_count == b->property_count;
}

Test(message_from_json, a_message_comes_back_byte_for_byte)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct c2d_message *message = received(i), *back = NULL;
        char *line = c2d_message_to_json(message, true), *again;

        cr_assert_eq(c2d_message_from_json(&back, line, strlen(line), NULL), C2D_OK, "%s",
                     rows[i].what);
        again = c2d_message_to_json(back, true);
        cr_expect_str_eq(again, line, "%s", rows[i].what);
        cr_expect(same(back->message_id, message->message_id), "%s", rows[i].what);
        cr_expect(same_properties(back, message), "%s", rows[i].what);
        cr_expect(
            back->body_size == rows[i].body_size
                && memcmp(back->body_size == 0 ? "" : back->body, rows[i].body, back->body_size)
                       == 0,
            "%s", rows[i].what);
        cr_expect_eq(back->enqueued_at_ms, message->enqueued_at_ms, "%s", rows[i].what);
        free(again);
        free(line);
        c2d_message_free(back);
        c2d_message_free(message);
    }
}

/* Names that are not UTF-8 may be equal in JSON. Their values are still matched. */
Test(message_from_json, values_of_names_that_are_equal_in_json_are_not_swapped)
{
    static const char *const headers[] = { ALL, "iothub-app-\xfe: \xef\xbf\xbd",
                                           "iothub-app-\xff: \xbd", NULL };
    struct http_response response = response_for_test(200, headers, "", 0);
    struct c2d_message *message = NULL, *back = NULL;
    char *line;

    cr_assert_eq(message_from_response(&response, "dev1", 1767225600, &message, NULL), C2D_OK);
    line = c2d_message_to_json(message, true);
    cr_assert_eq(c2d_message_from_json(&back, line, strlen(line), NULL), C2D_OK);
    cr_assert_eq(back->property_count, 2);
    cr_expect_str_eq(back->properties[0].value, "\xef\xbf\xbd");
    cr_expect_str_eq(back->properties[1].value, "\xbd");
    free(line);
    c2d_message_free(back);
    c2d_message_free(message);
}

#define REST ",\"properties\":{},\"lockToken\":\"t\",\"receivedTime\":\"2026-01-01T00:00:00Z\""

#define BODY ",\"bodySize\":1,\"bodyEncoding\":\"utf8\",\"body\":\"x\"}"

static const char *const refused[] = {
    "",
    "{",
    "[]",
    "\"text\"",
    "{\"v\":1}",
    "{\"deviceId\":\"d\"" REST ",\"bodySize\":1,\"bodyEncoding\":\"utf8\"}",
    "{\"deviceId\":\"d\"" REST ",\"bodySize\":2,\"bodyEncoding\":\"utf8\",\"body\":\"x\"}",
    "{\"deviceId\":\"d\"" REST ",\"bodySize\":1,\"bodyEncoding\":\"base64\",\"body\":\"!\"}",
    "{\"deviceId\":\"d\",\"messageId\":\"a\\nb\"" REST
    ",\"bodySize\":1,\"bodyEncoding\":\"utf8\",\"body\":\"x\"}",
    "{\"deviceId\":\"d\",\"properties\":{\"a\\nb\":\"c\"},\"lockToken\":\"t\","
    "\"receivedTime\":\"2026-01-01T00:00:00Z\",\"bodySize\":1,\"bodyEncoding\":\"utf8\","
    "\"body\":\"x\"}",
    "{\"deviceId\":\"d\",\"properties\":{\"a\":1},\"lockToken\":\"t\","
    "\"receivedTime\":\"2026-01-01T00:00:00Z\",\"bodySize\":1,\"bodyEncoding\":\"utf8\","
    "\"body\":\"x\"}",
    "{\"deviceId\":\"d\",\"properties\":{},\"receivedTime\":\"2026-01-01T00:00:00Z\","
    "\"bodySize\":1,\"bodyEncoding\":\"utf8\",\"body\":\"x\"}",
    "{\"deviceId\":\"d\",\"properties\":{},\"lockToken\":\"t\",\"receivedTime\":\"now\","
    "\"bodySize\":1,\"bodyEncoding\":\"utf8\",\"body\":\"x\"}",
    "{\"deviceId\":\"d\",\"duplicateProperties\":[1]" REST
    ",\"bodySize\":1,\"bodyEncoding\":\"utf8\",\"body\":\"x\"}",
    "{\"deviceId\":\"d\",\"duplicateProperties\":[[\"\",\"c\"]]" REST BODY,
    "{\"deviceId\":\"d\",\"duplicateProperties\":[[\"a\"]]" REST BODY,
    "{\"deviceId\":\"d\",\"messageId\":\"\xef\xbf\xbd\",\"lossy\":{\"messageId\":\"YQo=\"}" REST
        BODY,
    "{\"deviceId\":\"d\",\"messageId\":\"\xef\xbf\xbd\",\"lossy\":{\"messageId\":\"YQA=\"}" REST
        BODY,
    "{\"deviceId\":\"d\",\"messageId\":\"\xef\xbf\xbd\",\"lossy\":{\"messageId\":\"!\"}" REST BODY,
    "{\"deviceId\":\"d\",\"lockToken\":\"a\\u0001\"" REST BODY,
    "{\"deviceId\":\"d\",\"lockToken\":\"a\\\",b\"" REST BODY,
    "{\"deviceId\":\"d\",\"lockToken\":\"..\"" REST BODY,
};

Test(message_from_json, lossy_that_is_not_an_object_is_ignored)
{
    static const char line[] =
        "{\"deviceId\":\"d\",\"messageId\":\"\xef\xbf\xbd\",\"lossy\":[[\"messageId\"]]" REST BODY;
    struct c2d_message *message = NULL;

    cr_assert_eq(c2d_message_from_json(&message, line, strlen(line), NULL), C2D_OK);
    cr_assert_str_eq(message->message_id, "\xef\xbf\xbd");
    c2d_message_free(message);
}

/* A line with that many properties. */
static struct buf line_with_properties(size_t count)
{
    struct buf line = { 0 };

    buf_text(&line, "{\"deviceId\":\"d\",\"properties\":{");
    for (size_t i = 0; i < count; i++)
        buf_format(&line, "%s\"k%zu\":\"v\"", i == 0 ? "" : ",", i);
    buf_text(&line, "}" REST BODY);
    return line;
}

Test(message_from_json, line_with_1000_properties_is_read_and_1001_are_refused)
{
    for (size_t count = 1000; count <= 1001; count++) {
        struct buf line = line_with_properties(count);
        struct c2d_message *message = NULL;
        enum c2d_status status = c2d_message_from_json(&message, line.data, line.size, NULL);

        cr_expect_eq(status, count == 1000 ? C2D_OK : C2D_DATA, "%zu", count);
        cr_expect(message == NULL || message->property_count == count, "%zu", count);
        c2d_message_free(message);
        buf_clear(&line);
    }
}

Test(message_from_json, invalid_line_is_a_data_error)
{
    static const char whole[] =
        "{\"deviceId\":\"d\"" REST ",\"bodySize\":1,\"bodyEncoding\":\"utf8\",\"body\":\"x\"}";
    struct c2d_message *message = NULL;
    struct c2d_error error;

    cr_assert_eq(c2d_message_from_json(&message, whole, strlen(whole), NULL), C2D_OK);
    c2d_message_free(message);
    for (size_t i = 0; i < COUNT(refused); i++) {
        cr_expect_eq(c2d_message_from_json(&message, refused[i], strlen(refused[i]), &error),
                     C2D_DATA, "%s", refused[i]);
        cr_expect_null(message, "%s", refused[i]);
        cr_expect_str_neq(error.text, "", "%s", refused[i]);
    }
}

Test(message_from_json, failed_allocation_is_reported_as_such_and_leaks_nothing)
{
    for (size_t row = 0; row < COUNT(rows); row++) {
        struct c2d_message *message = received(row);
        char *line = c2d_message_to_json(message, true);

        for (size_t n = 0; alloc_next(&n);) {
            struct c2d_message *back = NULL;
            enum c2d_status status;
            bool failed;

            alloc_fail_at(n, false);
            status = c2d_message_from_json(&back, line, strlen(line), NULL);
            failed = alloc_stop();
            cr_assert_eq(status, failed ? C2D_OS : C2D_OK, "%s: allocation %zu: %d", rows[row].what,
                         n, status);
            cr_assert_eq(back == NULL, failed, "%s: allocation %zu", rows[row].what, n);
            c2d_message_free(back);
        }
        c2d_message_free(message);
        free(line);
    }
}
