/* The names in a folder of the spool. Which names messages get is tested by tests/fuzz. */
#include "../support/alloc.h"
#include "../support/folder.h"
#include "../support/table.h"
#include "cli/c2d-device/spool_name.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int folder;

static void set_up(void)
{
    folder_enter();
    folder_run("touch own-2.json own-1.json other-1.json own-3.tmp own");
    folder = open(".", O_RDONLY | O_DIRECTORY);
}

TestSuite(spool_name, .init = set_up, .fini = folder_leave);

Test(spool_name, names_of_an_owner_with_a_suffix_are_read_in_order)
{
    struct spool_names names;

    cr_assert(spool_names_read(&names, folder, "own", ".json"));
    cr_assert_eq(names.count, 2);
    cr_expect_str_eq(names.items[0], "own-1.json");
    cr_expect_str_eq(names.items[1], "own-2.json");
    spool_names_clear(&names);
    cr_assert(spool_names_read(&names, folder, "nobody", ".json"));
    cr_expect_eq(names.count, 0);
    cr_assert(spool_names_read(&names, folder, "own", "longer-than-a-name.json"));
    cr_expect_eq(names.count, 0);
}

Test(spool_name, folder_that_cannot_be_opened_is_an_error)
{
    struct spool_names names;

    cr_expect_not(spool_names_read(&names, -1, "own", ".json"));
    cr_expect_eq(errno, EBADF);
    cr_expect_eq(names.count, 0);
}

Test(spool_name, failed_allocation_is_an_error)
{
    for (size_t n = 0; alloc_next(&n);) {
        struct spool_names names;
        bool ok, failed;
        int problem;

        alloc_fail_at(n, false);
        ok = spool_names_read(&names, folder, "own", ".json");
        problem = errno;
        failed = alloc_stop();
        cr_expect_neq(ok, failed, "allocation %zu", n);
        cr_expect(!failed || problem == ENOMEM, "allocation %zu: %s", n, strerror(problem));
        spool_names_clear(&names);
    }
}
