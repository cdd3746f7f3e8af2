#include "../../src/cli/common/several.h"

#include "../../src/cli/common/exit_status.h"
#include "../support/table.h"

#include <criterion/criterion.h>

static const struct {
    enum c2d_status steps[4], status;
    size_t count;
    bool goes_on;
} rows[] = {
    { { C2D_OK }, C2D_OK, 0, true },
    { { C2D_OK, C2D_OK }, C2D_OK, 2, true },
    { { C2D_DRY_RUN, C2D_OK }, C2D_OK, 2, true },
    { { C2D_LOCK_LOST }, C2D_LOCK_LOST, 1, true },
    { { C2D_LOCK_LOST, C2D_LOCK_LOST }, C2D_LOCK_LOST, 2, true },
    { { C2D_LOCK_LOST, C2D_OK }, STATUS_PARTIAL, 2, true },
    { { C2D_OK, C2D_LOCK_LOST }, STATUS_PARTIAL, 2, true },
    { { C2D_LOCK_LOST, C2D_NETWORK }, STATUS_PARTIAL, 2, true },
    { { C2D_OK, C2D_AUTH }, C2D_AUTH, 2, false },
    { { C2D_LOCK_LOST, C2D_OK, STATUS_IO }, STATUS_IO, 3, false },
    { { C2D_OK, C2D_OS }, C2D_OS, 2, false },
    { { C2D_OK, C2D_CANCELLED }, C2D_CANCELLED, 2, false },
    { { C2D_OK, C2D_TLS }, C2D_TLS, 2, false },
    { { C2D_OK, C2D_CONFIG }, C2D_CONFIG, 2, false },
};

Test(several, outcome_is_the_common_one_or_partial_and_shared_failures_end_all)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct several several = { 0 };

        for (size_t k = 0; k < rows[i].count; k++)
            several_add(&several, rows[i].steps[k]);
        cr_expect_eq(several_status(&several), rows[i].status, "row %zu: %s", i,
                     status_name(several_status(&several)));
        cr_expect_eq(several_goes_on(&several), rows[i].goes_on, "row %zu", i);
    }
}
