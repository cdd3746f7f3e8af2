#include "../../src/cli/common/json_in.h"

#include "../support/alloc.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

Test(json_in, text_is_found_by_its_key)
{
    char *text = json_in_text("{\"a\":1,\"b\":\"x\\n\"}", "b");

    cr_assert_str_eq(text, "x\n");
    free(text);
}

Test(json_in, missing_member_is_null_and_no_failed_allocation)
{
    static const char *const lines[] = { "{\"a\":1}", "[]", "{\"b\":", "", "\"b\"" };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        errno = ENOMEM;
        cr_assert_null(json_in_text(lines[i], "a"), "%s", lines[i]);
        cr_assert_neq(errno, ENOMEM, "%s", lines[i]);
    }
}

Test(json_in, failed_allocation_differs_from_a_missing_member)
{
    alloc_fail_at(1, false);
    cr_assert_null(json_in_text("{\"a\":\"x\"}", "a"));
    cr_assert_eq(errno, ENOMEM);
    cr_assert(alloc_stop());
}
