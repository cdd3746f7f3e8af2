#include "../../src/cli/common/report.h"

#include "../support/alloc.h"
#include "../support/table.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The documented order. The order of two with the same number is undefined. */
static const struct {
    int rank;
    enum c2d_status status;
} order[] = {
    { 0, C2D_CANCELLED },  { 1, STATUS_IO },      { 2, STATUS_CANT_CREATE },
    { 3, C2D_OS },         { 4, C2D_AUTH },       { 5, C2D_CONFIG },
    { 6, STATUS_HANDLER }, { 6, STATUS_PARTIAL }, { 7, C2D_LOCK_LOST },
    { 8, C2D_NETWORK },    { 8, C2D_TLS },        { 8, C2D_SERVER },
    { 8, C2D_PROTOCOL },   { 8, C2D_TIMEOUT },    { 8, C2D_THROTTLED },
    { 8, C2D_QUOTA },      { 9, C2D_OK },
};

Test(report, worse_of_two_failures_is_the_first_in_the_documented_order)
{
    for (size_t i = 0; i < COUNT(order); i++)
        for (size_t k = 0; k < COUNT(order); k++) {
            enum c2d_status worst = worse(order[i].status, order[k].status);

            if (order[i].rank != order[k].rank)
                cr_expect_eq(worst, order[order[i].rank < order[k].rank ? i : k].status,
                             "%s and %s", status_name(order[i].status),
                             status_name(order[k].status));
        }
}

Test(report, first_of_two_failures_of_one_rank_is_kept)
{
    cr_assert_eq(worse(C2D_NETWORK, C2D_SERVER), C2D_NETWORK);
    cr_assert_eq(worse(C2D_SERVER, C2D_NETWORK), C2D_SERVER);
    cr_assert_eq(worse(C2D_OK, C2D_OK), C2D_OK);
}

Test(report, line_is_reported_without_memory)
{
    int ends[2];
    char written[64] = "";

    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    cr_assert_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    alloc_fail_at(1, true);
    report_line("c2d-device: error: OS: out of \x1bmemory");
    alloc_stop();
    cr_assert_gt(read(ends[0], written, sizeof written - 1), 0);
    cr_assert_str_eq(written, "c2d-device: error: OS: out of ?memory\n");
}

Test(report, hint_names_the_options_for_what_the_library_names)
{
    static const struct {
        const char *text, *hint, *shown;
    } rows[] = {
        { "", "pass its root in a CA file", "pass its root in a CA file; see --cacert FILE" },
        { "", "set proxy user and password", "--proxy-user-file FILE" },
        { "the proxy address is not valid", "", "see --proxy URL" },
        { "connect_to must be HOST:PORT", "", "see --connect-to HOST:PORT" },
        { "the hub has no CA file", "try again", "try again" },
        { "", "see --cacert FILE for a CA file", "see --cacert FILE for a CA file" },
        { "another", "", "" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct c2d_error error = { .status = C2D_TLS };

        snprintf(error.text, sizeof error.text, "%s", rows[i].text);
        snprintf(error.hint, sizeof error.hint, "%s", rows[i].hint);
        report_name_options(&error);
        cr_expect_not_null(strstr(error.hint, rows[i].shown), "row %zu: %s", i, error.hint);
        cr_expect(strcmp(rows[i].hint, rows[i].shown) != 0 || strcmp(error.hint, rows[i].hint) == 0,
                  "row %zu: %s", i, error.hint);
    }
}

Test(report, hint_without_room_for_the_options_stays)
{
    struct c2d_error error = { .status = C2D_TLS };

    snprintf(error.hint, sizeof error.hint, "%0240dCA file", 0);
    report_name_options(&error);
    cr_assert_null(strstr(error.hint, "--cacert"));
}
