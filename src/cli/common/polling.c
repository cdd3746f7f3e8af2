#include "polling.h"

#include "base/timestamp.h"

#include "report.h"
#include "waiting.h"

enum {
    MINUTE_MS = 60000,
    FIRST_DELAY_MS = 30000,
    UNLOCKED_MS = 68000, /* the lock of a lost response has expired, even 10 % earlier */
};

/* The 403 of a filter may be temporary, too. */
static bool is_temporary(const struct polling *polling, enum c2d_status status)
{
    return status_is_temporary(status) || (status == C2D_AUTH && polling->filtered);
}

/* The back-off after consecutive failures: 30 s, doubled each time, up to the interval or to a
 * minute, whichever is longer. */
static int64_t delay_after(unsigned failures, int64_t interval_ms)
{
    int64_t most_ms = interval_ms < MINUTE_MS ? MINUTE_MS : interval_ms;
    int64_t delay_ms = FIRST_DELAY_MS;

    for (unsigned i = 1; i < failures && delay_ms < most_ms; i++)
        delay_ms *= 2;
    return delay_ms < most_ms ? delay_ms : most_ms;
}

static void report_change(struct polling *polling, enum c2d_status hub)
{
    char since[TIMESTAMP_SIZE];

    if (hub != C2D_OK && polling->offline_since == 0) {
        polling->offline_since = time(NULL);
    } else if (hub == C2D_OK && polling->offline_since != 0) {
        timestamp_format(polling->offline_since, "Z", since);
        report_warning(polling->app, "online again; was offline since %s", since);
        polling->offline_since = 0;
    }
    polling->reported = hub;
}

bool polling_is_filtered(const struct c2d_error *error)
{
    return error->http_status == 403 && error->hub_code == 0 && error->hub_code_name[0] == '\0';
}

int64_t polling_next(struct polling *polling, enum c2d_status result, enum c2d_status hub,
                     bool may_be_locked)
{
    int64_t delay_ms = polling->interval_ms;

    if (!is_temporary(polling, result) || !is_temporary(polling, hub))
        return -1;
    polling->failures = hub == C2D_OK ? 0 : polling->failures + 1;
    report_change(polling, hub);
    /* A failed handler (result) does not shorten the delay: each poll is one of ten deliveries. */
    if (hub != C2D_OK)
        delay_ms = delay_after(polling->failures, polling->interval_ms);
    else if (may_be_locked && delay_ms > UNLOCKED_MS)
        delay_ms = UNLOCKED_MS;
    return waiting_jittered(delay_ms);
}
