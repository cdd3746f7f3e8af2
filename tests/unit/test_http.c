#include "http/http.h"

#include "../support/alloc.h"
#include "../support/table.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *value;
    enum c2d_status status;
} adds[] = {
    { "iothub-app-a", "b", C2D_OK },
    { "x", "", C2D_OK },
    { "!#$%&'*+-.^_`|~", "any \t text \xc3\xa9\xff", C2D_OK },
    { "x", "a\r\nInjected: 1", C2D_PROTOCOL },
    { "x", "a\nb", C2D_PROTOCOL },
    { "x", "a\rb", C2D_PROTOCOL },
    { "x", "a\x01", C2D_PROTOCOL },
    { "x", "\x1b[2J", C2D_PROTOCOL },
    { "x", "\x7f", C2D_PROTOCOL },
    { "", "v", C2D_PROTOCOL },
    { "a b", "v", C2D_PROTOCOL },
    { "a:b", "v", C2D_PROTOCOL },
    { "a\r\nb", "v", C2D_PROTOCOL },
    { " a", "v", C2D_PROTOCOL },
    { "a\t", "v", C2D_PROTOCOL },
    { "\xc3\xa9", "v", C2D_PROTOCOL },
    { "a(b)", "v", C2D_PROTOCOL },
    { "a/b", "v", C2D_PROTOCOL },
};

Test(http, header_that_could_become_two_is_refused)
{
    for (size_t i = 0; i < COUNT(adds); i++) {
        struct http_headers headers = { 0 };

        cr_expect_eq(http_headers_add(&headers, adds[i].name, adds[i].value, NULL), adds[i].status,
                     "row %zu", i);
        cr_expect_eq(headers.count, adds[i].status == C2D_OK ? 1 : 0, "row %zu", i);
        http_headers_clear(&headers);
    }
}

static const struct {
    const char *line;
    size_t size;              /* 0: strlen(line) */
    const char *name, *value; /* NULL: refused */
} lines[] = {
    { "ETag: \"x\"", 0, "ETag", "\"x\"" },
    { "a:b", 0, "a", "b" },
    { "a:", 0, "a", "" },
    { "a: \t ", 0, "a", "" },
    { "a: \t b  c \t", 0, "a", "b  c" },
    { "a: b: c", 0, "a", "b: c" },
    { "iothub-app-Mixed: \xe2\x82\xac\xff", 0, "iothub-app-Mixed", "\xe2\x82\xac\xff" },
    { "iothub-app-Message Type/\xff: v", 0, "iothub-app-Message Type/\xff", "v" },
    { "iothub-app-a : v", 0, "iothub-app-a", "v" },
    { "iothub-app-a\x7f\x01: v", 0, "iothub-app-a\x7f\x01", "v" },
    { "iothub-app-a: \x01v\rw\x1b", 0, "iothub-app-a", "\x01v\rw\x1b" },
    { "Set-Cookie: \x01", 0, "Set-Cookie", "\x01" },
    /* No headers, or none that can be carried: skipped. */
    { "no colon", 0, NULL, NULL },
    { "", 0, NULL, NULL },
    { ": v", 0, NULL, NULL },
    { " a: v", 0, NULL, NULL },
    { "a\0b: v", 6, NULL, NULL },
    { "a: v\0w", 6, NULL, NULL },
};

Test(http, line_of_a_response_is_split_at_its_first_colon_or_skipped)
{
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct http_headers headers = { 0 };
        size_t size = lines[i].size > 0 ? lines[i].size : strlen(lines[i].line);

        cr_expect_eq(http_headers_add_line(&headers, lines[i].line, size, true, NULL), C2D_OK,
                     "row %zu", i);
        cr_expect_eq(headers.count, lines[i].name != NULL ? 1 : 0, "row %zu", i);
        if (headers.count == 1 && lines[i].name != NULL) {
            cr_expect_str_eq(http_header_name(&headers, 0), lines[i].name);
            cr_expect_str_eq(http_header_value(&headers, 0), lines[i].value);
        }
        http_headers_clear(&headers);
    }
}

static const struct {
    const char *line;
    size_t size; /* 0: strlen(line) */
    enum c2d_status lenient;
} unclear[] = {
    { "Content-Length : 3", 0, C2D_OK },
    { "transfer-encoding\t: chunked", 0, C2D_OK },
    { "ETag: \"a\rb\"", 0, C2D_OK },
    { "Content-Length: 3\x01", 0, C2D_OK },
    { "iothub-app-a: v\0w", 17, C2D_PROTOCOL },
    { "iothub-app-\0: v", 15, C2D_PROTOCOL },
};

Test(http, required_header_that_is_ambiguous_is_refused)
{
    for (size_t i = 0; i < COUNT(unclear); i++) {
        struct http_headers headers = { 0 };
        size_t size = unclear[i].size > 0 ? unclear[i].size : strlen(unclear[i].line);

        cr_expect_eq(http_headers_add_line(&headers, unclear[i].line, size, true, NULL),
                     C2D_PROTOCOL, "row %zu", i);
        cr_expect_eq(headers.count, 0, "row %zu", i);
        cr_expect_eq(http_headers_add_line(&headers, unclear[i].line, size, false, NULL),
                     unclear[i].lenient, "row %zu, not strict", i);
        http_headers_clear(&headers);
    }
}

static enum c2d_status add_lines(struct http_headers *headers, const char *const *texts)
{
    enum c2d_status status = C2D_OK;

    for (size_t i = 0; status == C2D_OK && texts[i] != NULL; i++)
        status = http_headers_add_line(headers, texts[i], strlen(texts[i]), true, NULL);
    return status;
}

Test(http, folded_line_continues_the_value_before_it)
{
    static const char *const folded[] = { " lost",     "iothub-app-a: one",
                                          "\ttwo: 2 ", "   ",
                                          " three",    NULL };
    static const char *const skipped[] = { "x: 1", "no header", " nor this", NULL };
    static const char *const needed[] = { "ETag: \"a", " b\"", NULL };
    struct http_headers headers = { 0 };

    cr_assert_eq(add_lines(&headers, folded), C2D_OK);
    cr_assert_eq(headers.count, 1);
    cr_assert_str_eq(http_header_value(&headers, 0), "one two: 2 three");
    http_headers_clear(&headers);
    cr_assert_eq(add_lines(&headers, skipped), C2D_OK);
    cr_assert_eq(headers.count, 1);
    cr_assert_str_eq(http_header_value(&headers, 0), "1");
    http_headers_clear(&headers);
    cr_assert_eq(add_lines(&headers, needed), C2D_PROTOCOL);
    http_headers_clear(&headers);
}

Test(http, names_are_compared_without_case_and_the_last_value_counts)
{
    struct http_headers headers = { 0 };

    http_headers_add(&headers, "ETag", "one", NULL);
    http_headers_add(&headers, "etag", "two", NULL);
    http_headers_add(&headers, "etagx", "three", NULL);
    cr_assert_str_eq(http_headers_get(&headers, "ETAG"), "two");
    cr_assert_null(http_headers_get(&headers, "eta"));
    cr_assert_str_eq(http_header_name(&headers, 0), "ETag", "the case of a name must be kept");
    http_headers_clear(&headers);
}

Test(http, at_most_1000_headers_are_read)
{
    struct http_headers headers = { 0 };
    char name[16];

    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "n%d", i);
        cr_assert_eq(http_headers_add(&headers, name, "v", NULL), C2D_OK, "header %d", i);
    }
    cr_assert_eq(http_headers_add(&headers, "one-more", "v", NULL), C2D_PROTOCOL);
    cr_assert_str_eq(http_header_name(&headers, 999), "n999");
    cr_assert_str_eq(http_headers_get(&headers, "n0"), "v");
    http_headers_clear(&headers);
}

Test(http, failed_allocation_is_reported_as_such_and_clearing_is_safe)
{
    for (size_t n = 0; alloc_next(&n);) {
        struct http_headers headers = { 0 };
        enum c2d_status status = C2D_OK;
        bool failed;

        alloc_fail_at(n, false);
        for (int i = 0; status == C2D_OK && i < 40; i++)
            status = http_headers_add(&headers, "some-name", "some value", NULL);
        for (int i = 0; status == C2D_OK && i < 40; i++)
            status = http_headers_add_line(&headers, " and more of it", 15, true, NULL);
        failed = alloc_stop();
        cr_expect_eq(status, failed ? C2D_OS : C2D_OK, "allocation %zu", n);
        http_headers_clear(&headers);
    }
}
