#include "../support/alloc.h"
#include "base/json_write.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(json_line, members_are_written_in_order_and_null_is_left_out)
{
    struct buf line;
    char *text;

    json_begin(&line);
    json_append_text(&line, "a", "x\"\n\xff");
    json_append_text(&line, "none", NULL);
    json_append_number(&line, "n", -7);
    json_append_bool(&line, "yes", true);
    json_append_bool(&line, "no", false);
    text = json_end(&line);
    cr_assert_str_eq(text,
                     "{\"v\":1,\"a\":\"x\\\"\\n\\ufffd\",\"n\":-7,\"yes\":true,\"no\":false}");
    free(text);
}

Test(json_line, failed_allocation_returns_null_and_no_partial_line)
{
    struct buf line;

    json_begin(&line);
    alloc_fail_at(1, false);
    json_append_text(&line, "a", "a text that does not fit into what the beginning has reserved");
    cr_assert(alloc_stop());
    json_append_text(&line, "b", "y");
    json_append_number(&line, "n", 1);
    cr_assert_null(json_end(&line));
}
