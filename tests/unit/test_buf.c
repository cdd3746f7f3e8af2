#include "base/buf.h"

#include "../support/alloc.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

Test(buf, appended_data_of_all_kinds_is_joined_in_order_and_ends_with_nul)
{
    struct buf buf = { 0 };

    cr_assert(buf_append(&buf, "ab\0c", 4));
    cr_assert(buf_text(&buf, "def"));
    cr_assert(buf_format(&buf, "%d-%s", 42, "x"));
    cr_assert(buf_byte(&buf, 'y'));
    cr_assert_eq(buf.size, 12);
    cr_assert_eq(memcmp(buf.data, "ab\0cdef42-xy", 13), 0);
    buf_clear(&buf);
}

Test(buf, contents_survive_growth)
{
    struct buf buf = { 0 };

    for (int i = 0; i < 5000; i++)
        cr_assert(buf_format(&buf, "%04d", i));
    cr_assert_eq(buf.size, 20000);
    for (int i = 0; i < 5000; i++) {
        char expected[16];

        snprintf(expected, sizeof expected, "%04d", i);
        cr_assert_eq(memcmp(buf.data + (size_t)i * 4, expected, 4), 0, "at %d", i);
    }
    buf_clear(&buf);
}

Test(buf, limit_can_be_reached_and_not_exceeded)
{
    struct buf buf = { .limit = 5 };

    cr_assert(buf_text(&buf, "abc"));
    cr_assert(buf_text(&buf, "de"));
    cr_assert_not(buf.overflow);
    cr_assert_not(buf_text(&buf, "f"));
    cr_assert(buf.overflow);
    cr_assert_str_eq(buf.data, "abcde");
    buf_clear(&buf);
}

Test(buf, size_near_the_end_of_memory_is_an_overflow_and_not_a_wrap)
{
    struct buf buf = { 0 };

    cr_assert(buf_text(&buf, "a"));
    cr_assert_null(buf_reserve(&buf, SIZE_MAX - 1));
    cr_assert(buf.overflow);
    buf_clear(&buf);
}

Test(buf, size_that_doubling_cannot_reach_is_requested_as_it_is)
{
    struct buf buf = { 0 };

    alloc_fail_at(1, false);
    cr_assert_null(buf_reserve(&buf, SIZE_MAX / 2 + 10));
    cr_assert(alloc_stop());
    cr_assert_not(buf.overflow);
    buf_clear(&buf);
}

Test(buf, text_that_cannot_be_formatted_is_a_failure)
{
    struct buf buf = { 0 };

    /* A surrogate is no character. */
    cr_assert_not(buf_format(&buf, "%lc", (wint_t)0xd800));
    cr_assert(buf.failed);
    buf_clear(&buf);
}

Test(buf, failure_sticks_until_it_is_cleared)
{
    struct buf buf = { .limit = 3 };

    cr_assert(buf_text(&buf, "a"));
    cr_assert_not(buf_text(&buf, "abc"));
    cr_assert_not(buf_text(&buf, "a"));
    cr_assert_not(buf_byte(&buf, 'a'));
    cr_assert_not(buf_append(&buf, "", 0));
    cr_assert_not(buf_format(&buf, "a"));
    cr_assert_null(buf_reserve(&buf, 1));
    cr_assert_null(buf_take(&buf));
    cr_assert(buf_text(&buf, "abc"), "buf_take() must leave an empty buffer");
    cr_assert_eq(buf.limit, 3);
    buf_clear(&buf);
}

Test(buf, failed_allocation_is_a_failure_and_no_overflow)
{
    struct buf buf = { 0 };

    alloc_fail_at(1, false);
    cr_assert_not(buf_text(&buf, "abc"));
    cr_assert(alloc_stop());
    cr_assert(buf.failed);
    cr_assert_not(buf.overflow);
    cr_assert_not(buf_text(&buf, "abc"), "appending after a failure would leave a gap");
    buf_clear(&buf);
}

Test(buf, the_caller_owns_a_taken_text_even_if_it_is_empty)
{
    struct buf buf = { 0 };
    char *text = buf_take(&buf);

    cr_assert_str_eq(text, "");
    free(text);
    buf_text(&buf, "abc");
    text = buf_take(&buf);
    cr_assert_str_eq(text, "abc");
    cr_assert_eq(buf.size, 0);
    cr_assert_null(buf.data);
    free(text);
}

Test(buf, wipe_overwrites_all_bytes)
{
    char secret[8] = "secret!";

    wipe(secret, sizeof secret);
    for (size_t i = 0; i < sizeof secret; i++)
        cr_assert_eq(secret[i], 0, "byte %zu", i);
    wipe(NULL, 0);
    wipe_free(NULL);
}
