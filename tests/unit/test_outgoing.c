#include "../support/alloc.h"
#include "../support/table.h"
#include "c2d.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { NOW_S = 1767225600 }; /* 2026-01-01T00:00:00Z */

static enum c2d_status read_text(struct c2d_outgoing **out, const char *json,
                                 struct c2d_error *error)
{
    return c2d_outgoing_from_json(out, json, strlen(json), error);
}

Test(outgoing, every_member_of_a_line_is_read)
{
    struct c2d_outgoing *out = NULL;
    const struct c2d_message *message;

    cr_assert_eq(
        read_text(&out,
                  "{\"deviceId\":\"d\",\"body\":\"h\\u00e9\",\"messageId\":\"m\",\"correlationId\":"
                  "\"c\",\"userId\":\"u\",\"contentType\":\"t\",\"contentEncoding\":\"e\","
                  "\"expiry\":\"2026-01-01T02:00:00.5+01:00\",\"ack\":\"full\","
                  "\"properties\":{\"a\":\"1\",\"B\":\"\"}}",
                  NULL),
        C2D_OK);
    message = &out->message;
    cr_expect_str_eq(out->device_id, "d");
    cr_expect(message->body_size == 3 && memcmp(message->body, "h\xc3\xa9", 3) == 0);
    cr_expect_str_eq(message->message_id, "m");
    cr_expect_str_eq(message->correlation_id, "c");
    cr_expect_str_eq(message->user_id, "u");
    cr_expect_str_eq(message->content_type, "t");
    cr_expect_str_eq(message->content_encoding, "e");
    cr_expect_eq(message->expires_at_s, NOW_S + 3601);
    cr_expect_eq(message->ack, C2D_ACK_FULL);
    cr_expect_eq(message->property_count, 2);
    cr_expect_str_eq(message->properties[1].name, "B");
    c2d_outgoing_free(out);
}

Test(outgoing, no_member_of_a_line_is_required)
{
    struct c2d_outgoing *out = NULL;

    cr_assert_eq(read_text(&out, " {} ", NULL), C2D_OK);
    cr_expect_null(out->device_id);
    cr_expect_eq(out->message.body_size, 0);
    c2d_outgoing_free(out);
}

Test(outgoing, a_body_in_base64_is_decoded)
{
    struct c2d_outgoing *out = NULL;

    cr_assert_eq(read_text(&out, "{\"bodyBase64\":\"AP8K\"}", NULL), C2D_OK);
    cr_expect(out->message.body_size == 3 && memcmp(out->message.body, "\0\xff\n", 3) == 0);
    c2d_outgoing_free(out);
    cr_assert_eq(read_text(&out, "{\"bodyBase64\":\"\"}", NULL), C2D_OK);
    cr_expect_eq(out->message.body_size, 0);
    c2d_outgoing_free(out);
}

static const struct {
    const char *ttl;
    int64_t seconds;
} ttls[] = {
    { "90", 90 },       { "\"90\"", 90 },   { "\"90s\"", 90 },
    { "\"10m\"", 600 }, { "\"2h\"", 7200 }, { "\"2d\"", 172800 },
};

Test(outgoing, a_ttl_is_seconds_or_has_a_unit)
{
    for (size_t i = 0; i < COUNT(ttls); i++) {
        struct c2d_outgoing *out = NULL;
        char json[64];

        snprintf(json, sizeof json, "{\"ttl\":%s}", ttls[i].ttl);
        cr_assert_eq(read_text(&out, json, NULL), C2D_OK, "%s", json);
        cr_expect_eq(out->message.ttl_s, ttls[i].seconds, "%s", json);
        cr_expect_eq(out->message.expires_at_s, 0, "%s", json);
        c2d_outgoing_free(out);
    }
}

static const struct {
    const char *json, *says;
} refused[] = {
    { "", "not valid JSON" },
    { "{", "not valid JSON" },
    { "{} x", "not valid JSON" },
    { "{}{}", "not valid JSON" },
    { "{\"body\":\"\\u0000\"}", "not valid JSON" },
    { "{\"body\":\"\xff\"}", "not valid JSON" },
    { "[]", "not an object" },
    { "\"text\"", "not an object" },
    { "{\"Body\":\"x\"}", "'Body' is not a member" },
    { "{\"body\":\"x\",\"body\":\"y\"}", "body is given twice" },
    { "{\"body\":1}", "body must be a string" },
    { "{\"body\":null}", "body must be a string" },
    { "{\"body\":\"x\",\"bodyBase64\":\"eA==\"}", "exclude each other" },
    { "{\"bodyBase64\":\"!\"}", "not base64" },
    { "{\"messageId\":7}", "messageId must be a string" },
    { "{\"ack\":\"all\"}", "ack must be" },
    { "{\"ack\":true}", "ack must be" },
    { "{\"ttl\":0}", "ttl must be" },
    { "{\"ttl\":1.5}", "ttl must be" },
    { "{\"ttl\":-1}", "ttl must be" },
    { "{\"ttl\":\"\"}", "ttl must be" },
    { "{\"ttl\":\"1w\"}", "ttl must be" },
    { "{\"ttl\":\"10mm\"}", "ttl must be" },
    { "{\"ttl\":\"99999999999\"}", "ttl must be" },
    { "{\"ttl\":\"3d\"}", "2 days" },
    { "{\"ttl\":\"1h\",\"expiry\":\"2026-01-01T01:00:00Z\"}", "exclude each other" },
    { "{\"expiry\":\"tomorrow\"}", "expiry must be a time" },
    { "{\"expiry\":\"2026-01-01T01:00:00\"}", "expiry must be a time with its zone" },
    { "{\"expiry\":\"2026-01-01T01:00:00.5\"}", "expiry must be a time with its zone" },
    { "{\"expiry\":\"1/1/2026 01:00:00 AM\"}", "expiry must be a time with its zone" },
    { "{\"expiry\":\"01/01/2026 01:00:00\"}", "expiry must be a time with its zone" },
    { "{\"properties\":[]}", "properties must be an object" },
    { "{\"properties\":{\"a\":1}}", "property 'a' must be a string" },
};

Test(outgoing, error_of_an_invalid_line_says_what_is_wrong)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct c2d_outgoing *out = NULL;
        struct c2d_error error;

        cr_expect_eq(read_text(&out, refused[i].json, &error), C2D_DATA, "%s", refused[i].json);
        cr_expect_null(out);
        cr_expect(strstr(error.text, refused[i].says) != NULL, "%s: %s", refused[i].json,
                  error.text);
    }
}

Test(outgoing, failed_allocation_is_reported_as_such)
{
    for (size_t n = 0; alloc_next(&n);) {
        struct c2d_outgoing *out = NULL;
        enum c2d_status status;
        bool failed;

        alloc_fail_at(n, false);
        status = read_text(&out, "{\"bodyBase64\":\"AP8K\",\"properties\":{\"a\":\"1\"}}", NULL);
        failed = alloc_stop();
        cr_assert_eq(status, failed ? C2D_OS : C2D_OK, "allocation %zu: %d", n, status);
        cr_assert_eq(out == NULL, failed, "allocation %zu", n);
        c2d_outgoing_free(out);
    }
}
