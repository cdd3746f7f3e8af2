#include "hub/message.h"

#include "../support/script.h"
#include "hub/limits.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* The message of these header lines; NULL, with error, if they are invalid. */
static struct c2d_message *read_message(const char *const *headers, struct c2d_error *error)
{
    struct http_response response = response_for_test(200, headers, "body", 0);
    struct c2d_message *message = NULL;

    error->status = message_from_response(&response, "dev1", 1000, &message, error);
    cr_assert_null(response.body.data, "the message must own the contents of the response");
    return message;
}

Test(message, every_system_header_has_its_field)
{
    static const char *const headers[] = {
        "ETag: \"token-1\"",
        "iothub-messageid: m",
        "iothub-correlationid: c",
        "iothub-userid: u",
        "iothub-to: /devices/dev1/messages/deviceBound",
        "iothub-ack: negative",
        "iothub-expiry: 2026-01-31T12:00:00.0000000Z",
        "iothub-enqueuedtime: 12/22/2017 12:14:12 AM",
        "iothub-deliverycount: 3",
        "iothub-sequencenumber: 18446744073709551615",
        NULL,
    };
    struct c2d_error error = { 0 };
    struct c2d_message *message = read_message(headers, &error);

    cr_assert_str_eq(message->lock_token, "token-1");
    cr_assert_str_eq(message->message_id, "m");
    cr_assert_str_eq(message->correlation_id, "c");
    cr_assert_str_eq(message->user_id, "u");
    cr_assert_str_eq(message->to, "/devices/dev1/messages/deviceBound");
    cr_assert_eq(message->ack, C2D_ACK_NEGATIVE);
    cr_assert_str_eq(message->expiry_time, "2026-01-31T12:00:00.0000000Z");
    cr_assert_str_eq(message->enqueued_time, "12/22/2017 12:14:12 AM");
    cr_assert_eq(message->delivery_count, 3);
    cr_assert_str_eq(message->sequence_number, "18446744073709551615");
    cr_assert_str_eq(message->device_id, "dev1");
    cr_assert_eq(message->received_at_s, 1000);
    cr_assert_eq(message->lock_deadline_s, 1060);
    cr_assert_eq(message->body_size, 4);
    cr_assert_eq(memcmp(message->body, "body", 4), 0);
    c2d_message_free(message);
}

Test(message, empty_and_missing_headers_are_absent_fields)
{
    static const char *const empty[] = {
        "ETag: t",
        "iothub-messageid:",
        "iothub-correlationid: ",
        "iothub-userid:",
        "iothub-to:",
        "iothub-ack:",
        "iothub-expiry:",
        "iothub-enqueuedtime:",
        "iothub-deliverycount:",
        "iothub-sequencenumber:",
        "Content-Type:",
        NULL,
    };
    static const char *const missing[] = { "ETag: t", NULL };
    static const char *const *const rows[] = { empty, missing };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct c2d_error error = { 0 };
        struct c2d_message *m = read_message(rows[i], &error);

        cr_expect(m->message_id == NULL && m->correlation_id == NULL && m->user_id == NULL
                      && m->to == NULL && m->expiry_time == NULL && m->enqueued_time == NULL
                      && m->sequence_number == NULL && m->content_type == NULL
                      && m->content_encoding == NULL,
                  "row %zu", i);
        cr_expect_eq(m->ack, C2D_ACK_UNSET, "row %zu", i);
        cr_expect_eq(m->delivery_count, -1, "row %zu", i);
        cr_expect_eq(m->property_count, 0, "row %zu", i);
        c2d_message_free(m);
    }
}

static const struct {
    const char *headers[5];
    const char *type, *encoding;
} payloads[] = {
    { { "ETag: t", "ContentType: a/b", "ContentEncoding: utf-8" }, "a/b", "utf-8" },
    { { "ETag: t", "Content-Type: a/b", "Content-Encoding: gzip" }, "a/b", "gzip" },
    { { "ETag: t", "iothub-contenttype: a/b", "iothub-contentencoding: x" }, "a/b", "x" },
    { { "ETag: t", "Content-Type: other", "contenttype: a/b" }, "a/b", NULL },
    { { "ETag: t", "iothub-contenttype: a/b", "Content-Type: other" }, "a/b", NULL },
    { { "ETag: t", "ContentType:", "Content-Type: a/b" }, "a/b", NULL },
};

Test(message, payload_headers_are_understood_in_three_spellings)
{
    for (size_t i = 0; i < COUNT(payloads); i++) {
        struct c2d_error error = { 0 };
        struct c2d_message *message = read_message(payloads[i].headers, &error);

        cr_expect_str_eq(message->content_type, payloads[i].type, "row %zu", i);
        if (payloads[i].encoding == NULL)
            cr_expect_null(message->content_encoding, "row %zu", i);
        else
            cr_expect_str_eq(message->content_encoding, payloads[i].encoding, "row %zu", i);
        c2d_message_free(message);
    }
}

static const struct {
    const char *header, *token; /* NULL: none */
} etags[] = {
    { "ETag: \"guid\"", "guid" },   { "etag: \"guid\"", "guid" },   { "ETag: guid", "guid" },
    { "ETag: \"a\"b\"", "a\"b" },   { "ETag: \"guid", "\"guid" },   { "ETag:", NULL },
    { "ETag: \"\"", NULL },         { "x-etag: \"guid\"", NULL },   { "ETag: W/\"guid\"", "guid" },
    { "ETag: 'guid'", "guid" },     { "ETag: %22guid%22", "guid" }, { "ETag: W/guid", "W/guid" },
    { "ETag: \"'a'\"", "'a'" },     { "ETag: \"..\"", NULL },       { "ETag: .", NULL },
    { "ETag: \"a\", \"b\"", NULL },
};

Test(message, lock_token_is_the_etag_without_quotes_and_is_required)
{
    for (size_t i = 0; i < COUNT(etags); i++) {
        const char *const headers[] = { etags[i].header, NULL };
        struct c2d_error error = { 0 };
        struct c2d_message *message = read_message(headers, &error);

        cr_expect_eq(error.status, etags[i].token != NULL ? C2D_OK : C2D_PROTOCOL, "row %zu", i);
        cr_expect_eq(message != NULL, etags[i].token != NULL, "row %zu", i);
        if (message != NULL)
            cr_expect_str_eq(message->lock_token, etags[i].token, "row %zu", i);
        c2d_message_free(message);
    }
}

static const struct {
    const char *first, *second, *token; /* NULL: none */
} two_etags[] = {
    { "ETag: \"guid\"", "ETag: W/\"0-page\"", "guid" },
    { "ETag: W/\"0-page\"", "ETag: \"guid\"", "guid" },
    { "ETag: \"guid\"", "etag: guid", "guid" },
    { "ETag: \"guid\"", "ETag:", "guid" },
    { "ETag: \"guid\"", "ETag: \"other\"", NULL },
    { "ETag: W/\"guid\"", "ETag: W/\"other\"", NULL },
    { "ETag: \"..\"", "ETag: \"guid\"", NULL },
    { "ETag: \"guid\"", "ETag: \"..\"", NULL },
};

Test(message, of_two_lock_tokens_only_a_strong_one_beside_a_weak_one_is_taken)
{
    for (size_t i = 0; i < COUNT(two_etags); i++) {
        const char *const headers[] = { two_etags[i].first, two_etags[i].second, NULL };
        struct c2d_error error = { 0 };
        struct c2d_message *message = read_message(headers, &error);

        cr_expect_eq(message != NULL, two_etags[i].token != NULL, "row %zu", i);
        if (message != NULL && two_etags[i].token != NULL)
            cr_expect_str_eq(message->lock_token, two_etags[i].token, "row %zu", i);
        c2d_message_free(message);
    }
}

static const struct {
    const char *header;
    int count;
} counts[] = {
    { "iothub-deliverycount: 0", 0 },
    { "iothub-deliverycount: 10", 10 },
    { "iothub-deliverycount: 2147483647", 2147483647 },
    { "iothub-deliverycount: 2147483648", -1 },
    { "iothub-deliverycount: -1", -1 },
    { "iothub-deliverycount: 1x", -1 },
    { "iothub-deliverycount: x", -1 },
    { "iothub-deliverycount: 99999999999999999999", -1 },
};

Test(message, invalid_delivery_count_is_unknown)
{
    for (size_t i = 0; i < COUNT(counts); i++) {
        const char *const headers[] = { "ETag: t", counts[i].header, NULL };
        struct c2d_error error = { 0 };
        struct c2d_message *message = read_message(headers, &error);

        cr_expect_eq(message->delivery_count, counts[i].count, "%s", counts[i].header);
        c2d_message_free(message);
    }
}

Test(message, properties_keep_their_case_order_bytes_and_repetitions)
{
    static const char *const headers[] = {
        "ETag: t",
        "iothub-app-Kind: config",
        "IOTHUB-APP-kind: \xff",
        "iothub-app-empty:",
        "iothub-app-: nameless",
        "iothub-apps: no",
        "iothub-app-Kind: again",
        NULL,
    };
    static const struct c2d_property expected[] = {
        { "Kind", "config" },
        { "kind", "\xff" },
        { "empty", "" },
        { "Kind", "again" },
    };
    struct c2d_error error = { 0 };
    struct c2d_message *message = read_message(headers, &error);

    cr_assert_eq(message->property_count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        cr_expect_str_eq(message->properties[i].name, expected[i].name, "property %zu", i);
        cr_expect_str_eq(message->properties[i].value, expected[i].value, "property %zu", i);
    }
    c2d_message_free(message);
}

Test(message, ack_words_and_values_match_both_ways)
{
    static const char *const words[] = { NULL, "none", "positive", "negative", "full" };

    for (int ack = C2D_ACK_NONE; ack <= C2D_ACK_FULL; ack++) {
        cr_expect_str_eq(c2d_ack_name((enum c2d_ack)ack), words[ack]);
        cr_expect_eq((int)c2d_ack_from_name(words[ack]), ack);
    }
    cr_expect_null(c2d_ack_name(C2D_ACK_UNSET));
    cr_expect_null(c2d_ack_name((enum c2d_ack)(C2D_ACK_FULL + 1)));
    cr_expect_eq(c2d_ack_from_name("Full"), C2D_ACK_UNSET);
    cr_expect_eq(c2d_ack_from_name(""), C2D_ACK_UNSET);
    cr_expect_eq(c2d_ack_from_name(NULL), C2D_ACK_UNSET);
}

Test(message, property_of_no_message_and_without_a_name_is_absent)
{
    static const struct c2d_property pairs[] = { { "Kind", "x" } };
    static const struct c2d_message message = { .properties = pairs, .property_count = 1 };

    cr_expect_str_eq(c2d_message_property(&message, "kind"), "x");
    cr_expect_null(c2d_message_property(&message, "other"));
    cr_expect_null(c2d_message_property(&message, NULL));
    cr_expect_null(c2d_message_property(NULL, "kind"));
}

Test(message, expiry_is_replaced_where_there_is_one_of_the_same_length)
{
    static const struct {
        const char *before, *after;
    } rows[] = {
        { "2026-01-01T00:00:00.0000000Z", "1970-01-01T00:00:01.5000000Z" },
        { "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z" },
        { NULL, NULL },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_headers headers = { 0 };
        const char *value;

        if (rows[i].before != NULL)
            http_headers_add(&headers, "iothub-expiry", rows[i].before, NULL);
        http_headers_add(&headers, "iothub-ack", "full", NULL);
        message_set_expiry(&headers, 1500);
        value = http_headers_get(&headers, "iothub-expiry");
        cr_expect(rows[i].after == NULL ? value == NULL
                                        : value != NULL && strcmp(value, rows[i].after) == 0,
                  "row %zu: %s", i, value);
        cr_expect_str_eq(http_headers_get(&headers, "iothub-ack"), "full", "row %zu", i);
        http_headers_clear(&headers);
    }
}
