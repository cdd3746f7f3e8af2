/* Checks of messages to be sent: module message. */
#include "../support/alloc.h"
#include "../support/table.h"
#include "hub/limits.h"
#include "hub/message.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *what;
    struct c2d_message message;
    enum c2d_status status;
    const char *mentions;
} rows[] = {
    { "nothing at all", { 0 }, C2D_OK, "" },
    { "plain values",
      { .correlation_id = "a b~", .user_id = "", .content_type = "text/plain; charset=utf-8" },
      C2D_OK,
      "" },
    { "empty message id", { .message_id = "" }, C2D_DATA, "message id" },
    { "message id with a blank", { .message_id = "a b" }, C2D_DATA, "a space" },
    { "correlation id with LF", { .correlation_id = "a\nb" }, C2D_DATA, "0x0a" },
    { "user id with CR", { .user_id = "a\r" }, C2D_DATA, "0x0d" },
    { "content type in UTF-8", { .content_type = "t\xc3\xa9" }, C2D_DATA, "content type" },
    { "content encoding, outer blank", { .content_encoding = " gzip" }, C2D_DATA, "space" },
    { "user id, outer blank", { .user_id = "me " }, C2D_DATA, "user id" },
    { "good properties",
      { .properties = (const struct c2d_property[]) { { "a", "" }, { "b!", "x y" } },
        .property_count = 2 },
      C2D_OK,
      "" },
    { "property without a name",
      { .properties = (const struct c2d_property[]) { { "", "x" } }, .property_count = 1 },
      C2D_DATA,
      "no name" },
    { "property name with a blank",
      { .properties = (const struct c2d_property[]) { { "Message Type", "x" } },
        .property_count = 1 },
      C2D_DATA,
      "a space at position 8" },
    { "property name with a colon",
      { .properties = (const struct c2d_property[]) { { "a:b", "x" } }, .property_count = 1 },
      C2D_DATA,
      "':'" },
    { "property names that differ in case only",
      { .properties = (const struct c2d_property[]) { { "kind", "x" }, { "Kind", "y" } },
        .property_count = 2 },
      C2D_DATA,
      "twice" },
    { "property value with LF",
      { .properties = (const struct c2d_property[]) { { "kind", "x\ny" } }, .property_count = 1 },
      C2D_DATA,
      "'kind'" },
    { "property value in UTF-8",
      { .properties = (const struct c2d_property[]) { { "kind", "\xe2\x82\xac" } },
        .property_count = 1 },
      C2D_DATA,
      "U+20AC" },
    { "property value, outer blank",
      { .properties = (const struct c2d_property[]) { { "kind", " x" } }, .property_count = 1 },
      C2D_DATA,
      "space" },
};

Test(message_check, value_that_the_protocol_cannot_carry_is_named)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct c2d_error error = { 0 };

        cr_expect_eq(message_check(&rows[i].message, &error), rows[i].status, "%s: %s",
                     rows[i].what, error.text);
        cr_expect_not_null(strstr(error.text, rows[i].mentions), "%s: %s", rows[i].what,
                           error.text);
    }
}

Test(message_check, size_of_64_kib_counts_body_properties_and_system_values)
{
    static char body[C2D_MESSAGE_SIZE_MAX + 1];
    static const struct {
        size_t body_size;
        const char *message_id, *user_id, *value; /* of a property named "abc" */
        enum c2d_status status;
    } sizes[] = {
        { C2D_MESSAGE_SIZE_MAX, NULL, NULL, NULL, C2D_OK },
        { C2D_MESSAGE_SIZE_MAX + 1, NULL, NULL, NULL, C2D_TOO_LARGE },
        { C2D_MESSAGE_SIZE_MAX - 4, "1234", NULL, NULL, C2D_OK },
        { C2D_MESSAGE_SIZE_MAX - 4, "12345", NULL, NULL, C2D_TOO_LARGE },
        { C2D_MESSAGE_SIZE_MAX - 4, NULL, "1234", NULL, C2D_OK },
        { C2D_MESSAGE_SIZE_MAX - 4, NULL, "12345", NULL, C2D_TOO_LARGE },
        { C2D_MESSAGE_SIZE_MAX - 4, NULL, NULL, "1", C2D_OK },
        { C2D_MESSAGE_SIZE_MAX - 4, NULL, NULL, "12", C2D_TOO_LARGE },
    };

    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct c2d_property property = { "abc", sizes[i].value };
        struct c2d_message message = {
            .body = body,
            .body_size = sizes[i].body_size,
            .message_id = sizes[i].message_id,
            .user_id = sizes[i].user_id,
            .properties = &property,
            .property_count = sizes[i].value == NULL ? 0 : 1,
        };

        cr_expect_eq(message_check(&message, NULL), sizes[i].status, "row %zu", i);
    }
}

Test(message_check, at_most_900_properties_are_sent)
{
    static struct c2d_property properties[901];
    static char names[901][8];
    struct c2d_message message = { .properties = properties };

    for (size_t i = 0; i < COUNT(properties); i++) {
        snprintf(names[i], sizeof names[i], "p%zu", i);
        properties[i] = (struct c2d_property) { names[i], "v" };
    }
    message.property_count = 900;
    cr_expect_eq(message_check(&message, NULL), C2D_OK);
    message.property_count = 901;
    cr_expect_eq(message_check(&message, NULL), C2D_DATA);
}

Test(message_check, failed_allocation_is_no_fault_of_the_message)
{
    const struct c2d_property property = { "a", "b" };
    struct c2d_message message = { .properties = &property, .property_count = 1 };

    alloc_fail_at(1, false);
    cr_expect_eq(message_check(&message, NULL), C2D_OS);
    cr_expect(alloc_stop());
}
