#include "base/json_write.h"

#include "base/text.h"

#include "../support/alloc.h"
#include "../support/table.h"
#include "c2d.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text;
    size_t size;
    const char *quoted;
} rows[] = {
    { "", 0, "\"\"" },
    { "plain", 5, "\"plain\"" },
    { "a\"b\\c", 5, "\"a\\\"b\\\\c\"" },
    { "a\nb", 3, "\"a\\nb\"" },
    { "\t\x1f\x7f", 3, "\"\\u0009\\u001f\\u007f\"" },
    { "a\0b", 3, "\"a\\u0000b\"" },
    { "\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", 8, "\"\\u0080\\u009b\\u009f\xc2\xa0\"" },
    { "\xe2\x82\xac\xf0\x9f\x98\x80", 7, "\"\xe2\x82\xac\xf0\x9f\x98\x80\"" },
    { "a\xff"
      "b",
      3, "\"a\\ufffdb\"" },
    { "\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\"" },
    { "end\xc3", 4, "\"end\\ufffd\"" },
    { "\xe2\x80\xae\xe2\x81\xa9\xd8\x9c\xe2\x80\xa9", 11, "\"\\u202e\\u2069\\u061c\\u2029\"" },
};

Test(json_write, any_bytes_become_a_valid_string)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *quoted = json_quoted(rows[i].text, rows[i].size);

        cr_expect_str_eq(quoted, rows[i].quoted, "row %zu: %s", i, quoted);
        free(quoted);
    }
}

Test(json_write, members_are_separated_by_commas_and_null_is_left_out)
{
    struct buf line = { 0 };

    buf_text(&line, "{");
    json_append_text(&line, "none", NULL);
    json_append_number(&line, "n", -5);
    json_append_name(&line, "t\"");
    json_append_quoted(&line, "x", 1);
    json_append_key(&line, "o");
    buf_text(&line, "{");
    json_append_number(&line, "max", 9223372036854775807);
    json_append_number(&line, "min", -9223372036854775807 - 1);
    buf_text(&line, "}}");
    cr_assert_str_eq(line.data, "{\"n\":-5,\"t\\\"\":\"x\",\"o\":{\"max\":9223372036854775807,"
                                "\"min\":-9223372036854775808}}");
    buf_clear(&line);
}

Test(json_write, failed_allocation_returns_null)
{
    alloc_fail_at(1, false);
    cr_assert_null(json_quoted("abc", 3));
    alloc_fail_at(1, false);
    cr_assert_null(text_printable("abc", 3));
    cr_assert(alloc_stop());
}

Test(json_write, foreign_json_is_written_with_its_controls_escaped)
{
    struct buf line = { 0 };

    json_append_json(&line, "{\"a\\n\":[1,\"\xc2\x9b\x7f\xe2\x82\xac\"]}");
    cr_assert_str_eq(line.data, "{\"a\\n\":[1,\"\\u009b\\u007f\xe2\x82\xac\"]}");
    buf_clear(&line);
}

Test(json_write, bytes_of_foreign_json_that_are_not_utf8_are_kept)
{
    struct buf line = { 0 };

    json_append_json(&line, "[\"a\xff\xc2\"]");
    cr_assert_str_eq(line.data, "[\"a\xff\xc2\"]");
    buf_clear(&line);
}
