/* handler_run() near the end of a lock. */
#include "../../src/cli/c2d-device/handler.h"
#include "../../src/cli/common/credentials.h"

#include "base/clock.h"

#include <criterion/criterion.h>

static struct disposition run_with_ms_left(int64_t ms)
{
    static const struct program program = { .name = "c2d-device", .role = C2D_ROLE_DEVICE };
    static char name[] = "true", *command[] = { name, NULL };
    struct secrets secrets = { 0 };
    const struct app app = { .program = &program, .common.quiet = true, .secrets = &secrets };
    const struct handler handler = {
        .app = &app, .command = command, .timeout_ms = 50000, .reject_code = -1
    };
    const struct c2d_message message = { .message_id = "late" };

    return handler_run(&handler, &message, clock_monotonic_ms(NULL) + ms);
}

Test(handler, is_not_run_if_its_lock_ends_within_6_seconds)
{
    struct disposition disposition = run_with_ms_left(5900);

    cr_assert_eq(disposition.kind, DISPOSITION_STOP);
    cr_assert_eq(disposition.status, C2D_NETWORK);
    cr_assert_eq(disposition.handler_exit, -1);
}

Test(handler, is_run_if_its_lock_lasts_longer)
{
    struct disposition disposition = run_with_ms_left(16000);

    cr_assert_eq(disposition.kind, DISPOSITION_COMPLETE);
    cr_assert_eq(disposition.handler_exit, 0);
}
