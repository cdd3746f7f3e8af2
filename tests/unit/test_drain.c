/* drain_run() over a scripted hub. */
#include "../../src/cli/c2d-device/drain.h"

#include "../support/script.h"
#include "base/clock.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

static const struct program program = { .name = "c2d-device", .role = C2D_ROLE_DEVICE };

/* The effects of a drain. */
struct drained {
    enum c2d_status result;
    char reported[1024]; /* to stderr */
    long long processed;
    size_t requests;
};

static struct disposition process(void *context, const struct c2d_message *message,
                                  long long number, int64_t deadline_ms)
{
    struct drained *drained = context;

    (void)message, (void)number, (void)deadline_ms;
    drained->processed++;
    return (struct disposition) { .kind = DISPOSITION_COMPLETE, .handler_exit = -1 };
}

static struct drained drain_over(struct script *script)
{
    struct drained drained = { 0 };
    FILE *errors = tmpfile();
    struct app app = {
        .program = &program,
        .common.quiet = true,
        .client = client_for_test(script, DEVICE_STRING),
    };
    struct drain drain = { .app = &app,
                           .receiver = { .app = &app, .action = C2D_ACTION_RECEIVE },
                           .process = process,
                           .context = &drained };

    cr_assert(errors != NULL && dup2(fileno(errors), STDERR_FILENO) == STDERR_FILENO);
    drain_run(&drain);
    cr_assert_geq(pread(fileno(errors), drained.reported, sizeof drained.reported - 1, 0), 0);
    fclose(errors);
    drained.result = drain.result;
    drained.requests = script->request_count;
    c2d_client_free(app.client);
    return drained;
}

#define MESSAGE(number, token)                                                                     \
    {                                                                                              \
        .status = 200,                                                                             \
        .headers = { "ETag: \"" token "\"", "iothub-sequencenumber: " number,                      \
                     "iothub-enqueuedtime: 2026-01-01T00:00:00Z", "iothub-messageid: m" number },  \
        .body = "x"                                                                                \
    }
#define UNREADABLE(number)                                                                         \
    {                                                                                              \
        .status = 200, .headers = { "ETag: \"\"", "iothub-sequencenumber: " number }, .body = "x"  \
    }
#define DONE                                                                                       \
    {                                                                                              \
        .status = 204                                                                              \
    }
#define LOST                                                                                       \
    {                                                                                              \
        .written = true                                                                            \
    }
#define GONE                                                                                       \
    {                                                                                              \
        .status = 412                                                                              \
    }

/* Sets the clock of the script to that of the drain, or to an earlier time. */
static void start_clock(struct script *script, int64_t before_ms)
{
    script->now_ms = clock_monotonic_ms(NULL) - before_ms;
}

Test(drain, lock_lost_after_a_lost_response_is_success_before_the_lock_expiry)
{
    struct script script = { .replies = { MESSAGE("1", "t1"), LOST, GONE, DONE } };
    struct drained drained;

    start_clock(&script, 0);
    drained = drain_over(&script);
    cr_expect_eq(drained.result, C2D_OK, "%s", drained.reported);
    cr_expect_eq(drained.processed, 1);
}

Test(drain, lock_lost_after_a_lost_response_is_in_doubt_after_the_lock_expiry)
{
    struct script script = { .replies = { MESSAGE("1", "t1"), LOST, GONE, DONE } };
    struct drained drained;

    start_clock(&script, 70000);
    drained = drain_over(&script);
    cr_expect_eq(drained.result, C2D_LOCK_LOST);
    cr_expect_eq(drained.requests, 4, "the drain must go on");
}

Test(drain, message_delivered_again_after_its_lock_expired_is_settled_and_not_processed)
{
    struct script script = {
        .replies = { MESSAGE("1", "t1"), GONE, MESSAGE("1", "t2"), DONE, DONE },
    };
    struct drained drained;

    start_clock(&script, 70000);
    drained = drain_over(&script);
    cr_expect_eq(drained.processed, 1);
    cr_expect_eq(drained.result, C2D_LOCK_LOST);
    cr_expect(strstr(script.requests[3].url, "/t2?") != NULL, "%s", script.requests[3].url);
}

Test(drain, message_delivered_twice_again_while_its_lock_holds_ends_the_drain)
{
    struct script script = {
        .replies = { MESSAGE("1", "t1"), DONE, MESSAGE("1", "t2"), DONE, MESSAGE("1", "t3"), DONE,
                     MESSAGE("1", "t4"), DONE, DONE },
    };
    struct drained drained;

    start_clock(&script, 0);
    drained = drain_over(&script);
    cr_expect_eq(drained.result, C2D_PROTOCOL);
    cr_expect_eq(drained.requests, 5);
    cr_expect_eq(drained.processed, 1);
    cr_expect(strstr(drained.reported, "message 'm1' was delivered 2 times more") != NULL, "%s",
              drained.reported);
}

Test(drain, message_that_cannot_be_read_is_left_and_later_ones_are_processed)
{
    struct script script = {
        .replies = { UNREADABLE("1"), MESSAGE("2", "t2"), DONE, UNREADABLE("3"), DONE },
    };
    struct drained drained;

    start_clock(&script, 0);
    drained = drain_over(&script);
    cr_expect_eq(drained.result, C2D_PROTOCOL);
    cr_expect_eq(drained.requests, 5);
    cr_expect_eq(drained.processed, 1);
}

Test(drain, response_without_a_sequence_number_that_cannot_be_read_ends_the_drain)
{
    struct script script = {
        .replies = { { .status = 200, .headers = { "ETag: \"\"" }, .body = "x" }, DONE },
    };
    struct drained drained;

    start_clock(&script, 0);
    drained = drain_over(&script);
    cr_expect_eq(drained.result, C2D_PROTOCOL);
    cr_expect_eq(drained.requests, 1);
}
