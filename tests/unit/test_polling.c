#include "../../src/cli/common/polling.h"
#include "../support/table.h"

#include <criterion/criterion.h>

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS };

/* A delay varies by 10 %. */
static bool is_about(int64_t ms, int64_t wanted_ms)
{
    return ms >= wanted_ms / 10 * 9 && ms <= wanted_ms / 10 * 11;
}

Test(polling, temporary_error_continues_polling_and_a_permanent_one_ends_it)
{
    static const enum c2d_status passing[] = { C2D_OK,        C2D_LOCK_LOST,  C2D_THROTTLED,
                                               C2D_QUOTA,     C2D_TIMEOUT,    C2D_NETWORK,
                                               C2D_TLS,       STATUS_HANDLER, C2D_SERVER,
                                               C2D_NOT_FOUND, C2D_PROTOCOL };
    static const enum c2d_status ending[] = { C2D_OS, STATUS_IO, C2D_AUTH, C2D_CONFIG,
                                              C2D_CANCELLED };
    struct app app = { .common.quiet = true };

    for (size_t i = 0; i < COUNT(passing); i++) {
        struct polling polling = { .app = &app, .interval_ms = SECOND_MS };

        cr_expect(polling_next(&polling, passing[i], C2D_OK, false) > 0, "%s",
                  status_name(passing[i]));
    }
    for (size_t i = 0; i < COUNT(ending); i++) {
        struct polling polling = { .app = &app, .interval_ms = SECOND_MS };

        cr_expect_eq(polling_next(&polling, ending[i], C2D_OK, false), -1, "%s",
                     status_name(ending[i]));
        cr_expect_eq(polling_next(&polling, C2D_OK, ending[i], false), -1, "hub: %s",
                     status_name(ending[i]));
    }
}

Test(polling, refusal_by_a_filter_on_the_way_is_temporary)
{
    struct app app = { .common.quiet = true };
    struct polling polling = { .app = &app, .interval_ms = SECOND_MS, .filtered = true };

    cr_expect(polling_next(&polling, C2D_AUTH, C2D_AUTH, false) > 0);
}

Test(polling, polling_backs_off_while_the_hub_fails)
{
    static const struct {
        int64_t interval_ms, delays_ms[4];
    } rows[] = {
        { 5 * SECOND_MS, { 30 * SECOND_MS, MINUTE_MS, MINUTE_MS, MINUTE_MS } },
        { 25 * MINUTE_MS, { 30 * SECOND_MS, MINUTE_MS, 2 * MINUTE_MS, 4 * MINUTE_MS } },
    };
    struct app app = { .common.quiet = true };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct polling polling = { .app = &app, .interval_ms = rows[i].interval_ms };

        for (size_t k = 0; k < COUNT(rows[i].delays_ms); k++)
            cr_expect(is_about(polling_next(&polling, C2D_SERVER, C2D_SERVER, false),
                               rows[i].delays_ms[k]),
                      "row %zu, failure %zu", i, k + 1);
        cr_expect(is_about(polling_next(&polling, C2D_OK, C2D_OK, false), rows[i].interval_ms),
                  "row %zu: the first success ends it", i);
        cr_expect(
            is_about(polling_next(&polling, C2D_SERVER, C2D_SERVER, false), rows[i].delays_ms[0]),
            "row %zu: then it begins anew", i);
    }
}

Test(polling, error_is_reported_once_until_it_is_over)
{
    struct app app = { .common.quiet = true };
    struct polling polling = { .app = &app, .interval_ms = SECOND_MS };

    polling_next(&polling, C2D_NETWORK, C2D_NETWORK, false);
    cr_expect_eq(polling.reported, C2D_NETWORK);
    polling_next(&polling, C2D_OK, C2D_OK, false);
    cr_expect_eq(polling.reported, C2D_OK);
}

Test(polling, after_a_lost_response_the_next_poll_is_after_the_lock_expiry)
{
    struct app app = { .common.quiet = true };
    struct polling seldom = { .app = &app, .interval_ms = 25 * MINUTE_MS };
    struct polling often = { .app = &app, .interval_ms = SECOND_MS };

    cr_expect(is_about(polling_next(&seldom, C2D_OK, C2D_OK, true), 68 * SECOND_MS));
    cr_expect(is_about(polling_next(&often, C2D_OK, C2D_OK, true), SECOND_MS));
}
