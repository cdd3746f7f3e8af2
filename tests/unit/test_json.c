#include "hub/device_info.h"
#include "hub/hub_refusal.h"
#include "hub/purge.h"

#include "../support/table.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct buf body_of(const char *text)
{
    struct buf body = { 0 };

    if (*text != '\0')
        buf_text(&body, text);
    return body;
}

static const struct {
    const char *what, *body;
    int code;
    const char *name, *message, *tracking_id;
} refusals[] = {
    { "text shape",
      "{\"Message\":\"ErrorCode:IotHubUnauthorizedAccess;Unauthorized\",\"ExceptionMessage\":"
      "\"Tracking ID:8a1b-G:16-TimeStamp:12/14/2016 03:15:17\"}",
      0, "IotHubUnauthorizedAccess", "Unauthorized", "8a1b" },
    { "nested shape",
      "{\"Message\":\"{\\\"errorCode\\\":404001,\\\"trackingId\\\":\\\"T1\\\",\\\"message\\\":"
      "\\\"no such\\\",\\\"timestampUtc\\\":\\\"x\\\"}\",\"ExceptionMessage\":\"\"}",
      404001, "", "no such", "T1" },
    { "flat shape", "{\"errorCode\":403004,\"trackingId\":\"T2\",\"message\":\"full\"}", 403004, "",
      "full", "T2" },
    { "name without text", "{\"Message\":\"ErrorCode:ThrottlingException\"}", 0,
      "ThrottlingException", "", "" },
    { "plain message", "{\"Message\":\"something else\"}", 0, "", "something else", "" },
    { "other case", "{\"message\":\"errorcode:DeviceNotFound;gone\"}", 0, "DeviceNotFound", "gone",
      "" },
    { "code in a string", "{\"errorCode\":\"404001\"}", 404001, "", "", "" },
    { "text that is no code", "{\"errorCode\":\"404001x\"}", 0, "", "", "" },
    { "a stranger's number", "{\"errorCode\":15,\"message\":\"blocked\"}", 0, "", "blocked", "" },
    { "a stranger's word", "{\"errorCode\":\"BLOCKED\"}", 0, "", "", "" },
    { "code and link", "{\"errorCode\":\"404103\",\"message\":\"see https://aka.ms/iothub404001\"}",
      404103, "", "see https://aka.ms/iothub404001", "" },
    { "nested shape with a code in a string",
      "{\"Message\":\"{\\\"errorCode\\\":\\\"404103\\\",\\\"trackingId\\\":"
      "\\\"T1-TimeStamp:10/19/2022 16:47:22\\\",\\\"message\\\":\\\"m\\\"}\"}",
      404103, "", "m", "T1" },
    { "code below zero", "{\"errorCode\":-1}", 0, "", "", "" },
    { "code above those of a hub", "{\"errorCode\":600000}", 0, "", "", "" },
    { "code too large", "{\"errorCode\":1e99}", 0, "", "", "" },
    { "empty", "", 0, "", "", "" },
    { "text", "Service Unavailable", 0, "", "", "" },
    { "HTML", "<html><body>Please log in</body></html>", 0, "", "", "" },
    { "array", "[{\"Message\":\"ErrorCode:X;y\"}]", 0, "", "", "" },
    { "junk after it", "{\"Message\":\"ErrorCode:X;y\"} <!-- -->", 0, "", "", "" },
    { "cut", "{\"Message\":\"ErrorCode:X", 0, "", "", "" },
    { "no UTF-8", "{\"Message\":\"ErrorCode:X;\xff\"}", 0, "", "", "" },
    { "message as an object",
      "{\"Message\":{\"errorCode\":\"404103\",\"trackingId\":\"T3-G:2\",\"message\":\"m\"}}",
      404103, "", "m", "T3" },
    { "message of another type", "{\"Message\":[404001]}", 0, "", "", "" },
};

Test(json, refusal_is_read_in_the_shapes_of_hubs_and_empty_for_all_else)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct buf body = body_of(refusals[i].body);
        struct hub_refusal refusal;

        hub_refusal_read(&body, &refusal);
        cr_expect_eq(refusal.code, refusals[i].code, "%s: %d", refusals[i].what, refusal.code);
        cr_expect_str_eq(refusal.name, refusals[i].name, "%s", refusals[i].what);
        cr_expect_str_eq(refusal.message, refusals[i].message, "%s", refusals[i].what);
        cr_expect_str_eq(refusal.tracking_id, refusals[i].tracking_id, "%s", refusals[i].what);
        buf_clear(&body);
    }
}

Test(json, refusal_texts_longer_than_their_buffer_are_cut_or_left_out)
{
    char text[1000];
    struct buf body = { 0 };
    struct hub_refusal refusal;

    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    buf_format(&body, "{\"Message\":\"ErrorCode:%s;%s\",\"ExceptionMessage\":\"Tracking ID:%s\"}",
               text, text, text);
    hub_refusal_read(&body, &refusal);
    cr_assert_eq(strlen(refusal.message), sizeof refusal.message - 1);
    cr_assert_eq(strlen(refusal.tracking_id), sizeof refusal.tracking_id - 1);
    cr_assert_str_eq(refusal.name, "");
    buf_clear(&body);
}

/* depth opening brackets, then the closing ones. */
static struct buf nested(size_t depth)
{
    struct buf body = { 0 };

    buf_text(&body, "{\"totalMessagesPurged\":1,\"x\":");
    for (size_t i = 1; i < depth; i++)
        buf_text(&body, "[");
    buf_text(&body, depth > 1 ? "" : "0");
    for (size_t i = 1; i < depth; i++)
        buf_text(&body, "]");
    buf_text(&body, "}");
    return body;
}

Test(json, depth_32_is_read_and_33_is_not)
{
    static const struct {
        size_t depth;
        enum c2d_status status;
    } rows[] = { { 1, C2D_OK }, { 32, C2D_OK }, { 33, C2D_PROTOCOL }, { 100000, C2D_PROTOCOL } };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf body = nested(rows[i].depth);
        int64_t purged = 0;

        cr_expect_eq(purge_read(&body, &purged, NULL), rows[i].status, "depth %zu", rows[i].depth);
        buf_clear(&body);
    }
}

Test(json, brackets_inside_strings_are_no_depth)
{
    struct buf body = body_of("{\"x\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[\","
                              "\"totalMessagesPurged\":2}");
    int64_t purged = 0;

    cr_assert_eq(purge_read(&body, &purged, NULL), C2D_OK);
    cr_assert_eq(purged, 2);
    buf_clear(&body);
}

static const struct {
    const char *body;
    int64_t purged; /* -1: refused */
} purges[] = {
    { "{\"totalMessagesPurged\":3,\"deviceId\":\"d\",\"moduleId\":null}", 3 },
    { "{\"totalMessagesPurged\":0}", 0 },
    { " {\"TotalMessagesPurged\":50} \r\n", 50 },
    { "", -1 },
    { "{}", -1 },
    { "[]", -1 },
    { "3", -1 },
    { "{\"totalMessagesPurged\":\"3\"}", -1 },
    { "{\"totalMessagesPurged\":-3}", -1 },
    { "{\"totalMessagesPurged\":null}", -1 },
    { "{\"totalMessagesPurged\":1e99}", -1 },
    { "{\"totalMessagesPurged\":3}x", -1 },
    { "<html>", -1 },
};

Test(json, purge_response_has_the_count_or_is_refused)
{
    for (size_t i = 0; i < COUNT(purges); i++) {
        struct buf body = body_of(purges[i].body);
        int64_t purged = -1;

        cr_expect_eq(purge_read(&body, &purged, NULL),
                     purges[i].purged >= 0 ? C2D_OK : C2D_PROTOCOL, "%s", purges[i].body);
        cr_expect_eq(purged, purges[i].purged, "%s", purges[i].body);
        buf_clear(&body);
    }
}

Test(json, registry_response_gives_the_members_that_may_be_shown)
{
    struct buf body = body_of(
        "{\"deviceId\":\"d\",\"generationId\":\"g\",\"status\":\"enabled\",\"connectionState\":"
        "\"Disconnected\",\"lastActivityTime\":\"0001-01-01T00:00:00\","
        "\"cloudToDeviceMessageCount\":7,\"authentication\":{\"symmetricKey\":{\"primaryKey\":"
        "\"K\"}}}");
    struct c2d_device_info *info = NULL;

    cr_assert_eq(device_info_read(&body, &info, NULL), C2D_OK);
    cr_assert_str_eq(info->device_id, "d");
    cr_assert_str_eq(info->generation_id, "g");
    cr_assert_str_eq(info->status, "enabled");
    cr_assert_str_eq(info->connection_state, "Disconnected");
    cr_assert_str_eq(info->last_activity_time, "0001-01-01T00:00:00");
    cr_assert_eq(info->message_count, 7);
    c2d_device_info_free(info);
    buf_clear(&body);
}

Test(json, registry_response_may_lack_all_but_the_device)
{
    struct buf body = body_of("{\"deviceId\":\"d\",\"status\":5,\"cloudToDeviceMessageCount\":-1}");
    struct c2d_device_info *info = NULL;

    cr_assert_eq(device_info_read(&body, &info, NULL), C2D_OK);
    cr_assert_null(info->status);
    cr_assert_null(info->generation_id);
    cr_assert_eq(info->message_count, -1);
    c2d_device_info_free(info);
    buf_clear(&body);
}

Test(json, registry_response_without_a_device_is_refused)
{
    static const char *const bodies[] = {
        "",      "{}",   "{\"deviceId\":1}",    "[{\"deviceId\":\"d\"}]",
        "\"d\"", "null", "{\"deviceId\":\"d\"", "<html>"
    };

    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct buf body = body_of(bodies[i]);
        struct c2d_device_info *info = NULL;

        cr_expect_eq(device_info_read(&body, &info, NULL), C2D_PROTOCOL, "%s", bodies[i]);
        cr_expect_null(info, "%s", bodies[i]);
        buf_clear(&body);
    }
}

static const struct {
    const char *body, *shown; /* NULL: cannot be shown */
} keys[] = {
    { "{\"deviceId\":\"d\",\"authentication\":{\"symmetricKey\":{\"primaryKey\":\"CANARY\"}}}",
      "{\"deviceId\":\"d\",\"authentication\":\"***\"}" },
    { "{\"Authentication\":\"CANARY\",\"a\":[1,null]}",
      "{\"a\":[1,null],\"authentication\":\"***\"}" },
    { "{\"a\":1}", "{\"a\":1}" },
    { "{\"a\":18446744073709551615}", "{\"a\":18446744073709551615}" },
    { "[{\"authentication\":\"CANARY\"}]", NULL },
    { "{\"authentication\":\"CANARY\"", NULL },
    { "\"CANARY\"", NULL },
    { "", NULL },
};

Test(json, registry_response_is_shown_without_its_keys_or_not_at_all)
{
    for (size_t i = 0; i < COUNT(keys); i++) {
        struct buf body = body_of(keys[i].body), out = { 0 };

        cr_expect_eq(device_info_append_masked(&out, &body), keys[i].shown != NULL, "row %zu", i);
        if (keys[i].shown == NULL)
            cr_expect_eq(out.size, 0, "row %zu", i);
        else
            cr_expect_str_eq(out.data, keys[i].shown, "row %zu: %s", i, out.data);
        buf_clear(&out);
        buf_clear(&body);
    }
}

Test(json, registry_response_that_has_its_keys_twice_is_masked_twice)
{
    struct buf body = body_of("{\"authentication\":{\"k\":\"x\"},"
                              "\"authentication\":{\"k\":\"CANARY\"}}");
    struct buf out = { 0 };

    device_info_append_masked(&out, &body);
    cr_expect(out.size == 0 || strstr(out.data, "CANARY") == NULL, "%s", out.data);
    buf_clear(&out);
    buf_clear(&body);
}
