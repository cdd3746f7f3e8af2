#include "base/error.h"

#include "../support/alloc.h"
#include "../support/table.h"
#include "base/text.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct {
    int number;
    const char *name;
} rows[] = {
    { 0, "OK" },          { 10, "NO_MESSAGE" },
    { 12, "QUEUE_FULL" }, { 13, "LOCK_LOST" },
    { 14, "NOT_FOUND" },  { 15, "THROTTLED" },
    { 16, "QUOTA" },      { 17, "TOO_LARGE" },
    { 18, "TIMEOUT" },    { 20, "NETWORK" },
    { 21, "TLS" },        { 23, "SERVER" },
    { 24, "PROTOCOL" },   { 25, "UNKNOWN_OUTCOME" },
    { 64, "USAGE" },      { 65, "DATA" },
    { 71, "OS" },         { 77, "AUTH" },
    { 78, "CONFIG" },     { 130, "CANCELLED" },
};

Test(status, names_are_those_of_the_programs_contract)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        cr_expect_str_eq(c2d_status_name((enum c2d_status)rows[i].number), rows[i].name, "%d",
                         rows[i].number);
}

Test(status, unknown_status_number_is_internal)
{
    /* 11 and 74: the programs' own. */
    static const int none[] = { 1, 2, 11, 70, 74, 9999 };

    for (size_t i = 0; i < COUNT(none); i++)
        cr_expect_str_eq(c2d_status_name((enum c2d_status)none[i]), "INTERNAL", "%d", none[i]);
}

Test(status, text_is_made_printable)
{
    struct c2d_error error = { 0 };

    cr_assert_eq(fail(&error, C2D_PROTOCOL, "%s", "a\nb\x1b[2J\xff"), C2D_PROTOCOL);
    cr_assert_str_eq(error.text, "a\\x0ab\\x1b[2J\\xff");
    hint(&error, "%s", "\xc2\x9b");
    cr_assert_str_eq(error.hint, "\\xc2\\x9b");
}

Test(status, text_is_kept_without_memory_except_unprintable_bytes)
{
    struct c2d_error error = { 0 };
    char text[700];

    alloc_fail_at(1, true);
    fail(&error, C2D_NETWORK, "%s", "cannot reach a\n\x1b[2J\xc3\xa4");
    cr_expect_str_eq(error.text, "cannot reach a??[2J??");
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    hint(&error, "%s", text);
    cr_expect_eq(strlen(error.hint), sizeof error.hint - 1);
    cr_expect(alloc_stop());
}

Test(status, failing_keeps_the_details_and_resetting_drops_them)
{
    struct c2d_error error = { .http_status = 503, .attempts = 2 };

    fail(&error, C2D_SERVER, "x");
    cr_assert_eq(error.http_status, 503);
    cr_assert_eq(error.attempts, 2);
    error_reset(&error);
    cr_assert_eq(error.http_status, 0);
    cr_assert_str_eq(error.text, "");
}

Test(status, error_argument_may_be_null)
{
    error_reset(NULL);
    hint(NULL, "x");
    cr_assert_eq(fail(NULL, C2D_DATA, "x"), C2D_DATA);
    cr_assert_eq(fail_memory(NULL), C2D_OS);
}

Test(status, long_text_is_cut_with_three_dots)
{
    struct c2d_error error = { 0 };
    char text[700];

    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    fail(&error, C2D_DATA, "%s", text);
    cr_assert_eq(strlen(error.text), sizeof error.text - 1);
    cr_assert_str_eq(error.text + sizeof error.text - 4, "...");
}

Test(status, cut_never_goes_through_a_character_or_an_escape)
{
    /* One more "x" each time moves the cut over every byte of what is repeated. */
    static const char *const pieces[] = { "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\x1b" };

    for (size_t i = 0; i < COUNT(pieces); i++)
        for (size_t lead = 0; lead < 4; lead++) {
            struct c2d_error error = { 0 };
            char text[1000] = "xxxx";
            size_t length;

            text[lead] = '\0';
            while (strlen(text) < 700)
                strcat(text, pieces[i]);
            fail(&error, C2D_DATA, "%s", text);
            length = strlen(error.text);
            cr_expect(utf8_valid(error.text, length), "piece %zu, lead %zu", i, lead);
            if (pieces[i][0] == '\x1b')
                cr_expect_eq((length - lead - 3) % 4, 0, "lead %zu: ...%s", lead,
                             error.text + length - 8);
        }
}

Test(status, version_is_that_of_the_header)
{
    cr_assert_str_eq(c2d_version(), C2D_VERSION);
}
