#include "../../src/cli/common/waiting.h"

#include <criterion/criterion.h>

Test(waiting, no_time_to_wait_means_to_ask_once)
{
    struct waiting waiting = waiting_begin(0, 10000);

    cr_assert_not(waiting_next(&waiting));
}

Test(waiting, a_fleet_that_was_started_together_does_not_ask_together)
{
    enum { FLEET = 1000, INTERVAL_MS = 25 * 60000, SLICES = 20 };
    int slices[SLICES] = { 0 };

    for (unsigned seed = 0; seed < FLEET; seed++) {
        int64_t ms = waiting_spread(INTERVAL_MS, seed);

        cr_assert(ms >= INTERVAL_MS / 10 * 9 && ms <= INTERVAL_MS / 10 * 11, "%lld", (long long)ms);
        slices[(ms - INTERVAL_MS / 10 * 9) * (SLICES - 1) / (INTERVAL_MS / 5)]++;
    }
    for (int i = 0; i < SLICES - 1; i++)
        cr_expect(slices[i] > FLEET / SLICES / 3, "slice %d has %d", i, slices[i]);
}
