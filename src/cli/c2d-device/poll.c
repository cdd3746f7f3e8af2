#include "poll.h"

#include "../common/polling.h"
#include "../common/report.h"
#include "../common/stop.h"
#include "../common/waiting.h"
#include "base/clock.h"
#include "lock.h"

#include <unistd.h>

enum { MINUTE_MS = 60000 };

enum c2d_status poll_for_ever(struct drain *drain, int64_t interval_ms, struct c2d_error *error)
{
    struct polling polling = { .app = drain->app, .interval_ms = interval_ms };
    int64_t delay_ms;

    if (interval_ms < MINUTE_MS)
        report_warning(drain->app, "polling more often than once a minute: the hub counts every "
                                   "poll, and throttles all of its devices together");
    if (isatty(STDERR_FILENO) && !drain->app->common.quiet && !drain->app->common.json)
        fprintf(stderr, "%s: polling for device '%s' every %.1f s, give or take 10 %%\n",
                drain->app->program->name, c2d_client_device_id(drain->app->client),
                (double)interval_ms / 1000);
    do {
        lock_accept();
        drain->result = C2D_OK;
        drain->reported = polling.reported;
        drain_run(drain);
        polling.filtered = drain->filtered;
        delay_ms = polling_next(&polling, drain->result, drain->hub_status,
                                drain->receiver.lost_at_ms != 0);
    } while (delay_ms >= 0 && waiting_sleep_until(clock_monotonic_ms(NULL) + delay_ms));
    return stop_result(drain->result, error);
}
