#include "../../src/cli/common/exit_status.h"

#include "../support/table.h"

#include <criterion/criterion.h>

static const struct {
    int number;
    enum c2d_status status;
    const char *name;
} rows[] = {
    { 0, C2D_OK, "OK" },
    { 10, C2D_NO_MESSAGE, "NO_MESSAGE" },
    { 11, STATUS_PARTIAL, "PARTIAL" },
    { 12, C2D_QUEUE_FULL, "QUEUE_FULL" },
    { 13, C2D_LOCK_LOST, "LOCK_LOST" },
    { 14, C2D_NOT_FOUND, "NOT_FOUND" },
    { 15, C2D_THROTTLED, "THROTTLED" },
    { 16, C2D_QUOTA, "QUOTA" },
    { 17, C2D_TOO_LARGE, "TOO_LARGE" },
    { 18, C2D_TIMEOUT, "TIMEOUT" },
    { 19, STATUS_NEGATIVE, "NEGATIVE" },
    { 20, C2D_NETWORK, "NETWORK" },
    { 21, C2D_TLS, "TLS" },
    { 22, STATUS_HANDLER, "HANDLER" },
    { 23, C2D_SERVER, "SERVER" },
    { 24, C2D_PROTOCOL, "PROTOCOL" },
    { 25, C2D_UNKNOWN_OUTCOME, "UNKNOWN_OUTCOME" },
    { 26, STATUS_LOCKED, "LOCKED" },
    { 64, C2D_USAGE, "USAGE" },
    { 65, C2D_DATA, "DATA" },
    { 66, STATUS_NO_INPUT, "NOINPUT" },
    { 71, C2D_OS, "OS" },
    { 73, STATUS_CANT_CREATE, "CANTCREAT" },
    { 74, STATUS_IO, "IOERR" },
    { 77, C2D_AUTH, "AUTH" },
    { 78, C2D_CONFIG, "CONFIG" },
    { 130, C2D_CANCELLED, "CANCELLED" },
};

Test(exit_status, exit_codes_and_names_are_the_documented_ones)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        cr_expect_eq((int)rows[i].status, rows[i].number, "%s", rows[i].name);
        cr_expect_str_eq(status_name(rows[i].status), rows[i].name, "%d", rows[i].number);
    }
}

Test(exit_status, errors_of_this_machine_and_of_the_credentials_end_a_run_and_are_permanent)
{
    static const enum c2d_status ending[] = { C2D_CANCELLED, STATUS_IO, C2D_OS, C2D_AUTH,
                                              C2D_CONFIG };

    for (size_t i = 0; i < COUNT(ending); i++) {
        cr_expect(status_ends_run(ending[i]), "%s", status_name(ending[i]));
        cr_expect_not(status_is_temporary(ending[i]), "%s", status_name(ending[i]));
    }
}
