#include "../../src/cli/common/json_line.h"

#include "../support/alloc.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(json_line, members_are_written_in_order_and_null_is_left_out)
{
    struct json_line line;
    char *text;

    json_begin(&line);
    json_text(&line, "a", "x\"\n\xff");
    json_text(&line, "none", NULL);
    json_number(&line, "n", -7);
    json_bool(&line, "yes", true);
    json_bool(&line, "no", false);
    text = json_end(&line);
    cr_assert_str_eq(text,
                     "{\"v\":1,\"a\":\"x\\\"\\n\\ufffd\",\"n\":-7,\"yes\":true,\"no\":false}");
    free(text);
}

Test(json_line, failed_allocation_returns_null_and_no_partial_line)
{
    struct json_line line;

    json_begin(&line);
    alloc_fail_at(1, false);
    json_text(&line, "a", "x");
    cr_assert(alloc_stop());
    json_text(&line, "b", "y");
    json_number(&line, "n", 1);
    cr_assert_null(json_end(&line));
}
