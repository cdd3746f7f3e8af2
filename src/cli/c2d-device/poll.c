#include "poll.h"

#include "../common/report.h"
#include "../common/signals.h"
#include "../common/waiting.h"

#include <time.h>
#include <unistd.h>

enum {
    MINUTE_MS = 60000,
    FIRST_DELAY_MS = 30000,
    FREE_MS = 68000, /* what a lost answer has locked is free by then, also 10 % earlier */
};

/* Nothing, or trouble that may pass: the hub's, the network's, a handler's. All else ends the
 * polling. */
static bool may_pass(enum c2d_status status)
{
    static const enum c2d_status passing[] = { C2D_OK,    C2D_LOCK_LOST, C2D_THROTTLED,
                                               C2D_QUOTA, C2D_TIMEOUT,   C2D_NETWORK,
                                               C2D_TLS,   C2D_HANDLER,   C2D_SERVER };

    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (passing[i] == status)
            return true;
    return false;
}

/* After the n-th failure in a row: half a minute, doubled each time, up to the interval, or to a
 * minute where that is shorter. */
static int64_t delay_after(unsigned failures, int64_t interval_ms)
{
    int64_t most_ms = interval_ms < MINUTE_MS ? MINUTE_MS : interval_ms;
    int64_t delay_ms = FIRST_DELAY_MS;

    for (unsigned i = 1; i < failures && delay_ms < most_ms; i++)
        delay_ms *= 2;
    return delay_ms < most_ms ? delay_ms : most_ms;
}

static void tell_change(struct drain *drain, time_t *offline_since)
{
    char since[32] = "";
    struct tm tm = { 0 };

    if (drain->hub != C2D_OK && *offline_since == 0) {
        *offline_since = time(NULL);
    } else if (drain->hub == C2D_OK && *offline_since != 0) {
        if (gmtime_r(offline_since, &tm) != NULL)
            strftime(since, sizeof since, "%Y-%m-%dT%H:%M:%SZ", &tm);
        report_warning(drain->app, "online again; was offline since %s", since);
        *offline_since = 0;
    }
    drain->is_offline = drain->hub != C2D_OK;
}

enum c2d_status poll_for_ever(struct drain *drain, int64_t interval_ms)
{
    unsigned failures = 0;
    time_t offline_since = 0;

    if (interval_ms < MINUTE_MS)
        report_warning(drain->app, "polling more often than once a minute: the hub counts every "
                                   "poll, and throttles all of its devices together");
    if (isatty(STDERR_FILENO) && !drain->app->common.quiet && !drain->app->common.json)
        fprintf(stderr, "%s: polling for device '%s' every %.1f s, give or take 10 %%\n",
                drain->app->program->name, c2d_client_device_id(drain->app->client),
                (double)interval_ms / 1000);
    for (;;) {
        int64_t delay_ms = interval_ms;

        drain->result = C2D_OK;
        drain_run(drain);
        if (signals_caught() != 0 || !may_pass(drain->result) || !may_pass(drain->hub))
            return drain->result;
        failures = drain->hub == C2D_OK ? 0 : failures + 1;
        tell_change(drain, &offline_since);
        /* A handler that fails is not asked again any sooner: each time is one of ten. */
        if (drain->hub != C2D_OK)
            delay_ms = delay_after(failures, interval_ms);
        else if (drain->lost_at_ms != 0 && delay_ms > FREE_MS)
            delay_ms = FREE_MS;
        if (!waiting_sleep(delay_ms))
            return drain->result;
    }
}
