#include "../../src/cli/common/waiting.h"

#include <criterion/criterion.h>

Test(waiting, without_a_waiting_time_there_is_one_request)
{
    struct waiting waiting = waiting_begin(0, 10000);

    cr_assert_not(waiting_next(&waiting));
}

Test(waiting, devices_started_at_once_do_not_poll_at_once)
{
    enum { FLEET = 1000, INTERVAL_MS = 25 * 60000, SLICES = 20 };
    int slices[SLICES] = { 0 };

    for (int i = 0; i < FLEET; i++) {
        int64_t ms = waiting_jittered(INTERVAL_MS);

        cr_assert(ms >= INTERVAL_MS / 10 * 9 && ms <= INTERVAL_MS / 10 * 11, "%lld", (long long)ms);
        slices[(ms - INTERVAL_MS / 10 * 9) * (SLICES - 1) / (INTERVAL_MS / 5)]++;
    }
    for (int i = 0; i < SLICES - 1; i++)
        cr_expect(slices[i] > FLEET / SLICES / 3, "slice %d has %d", i, slices[i]);
}
