#include "pause.h"

#include "retry.h"

static void warn(struct pause *pause, const struct pause_failure *failure,
                 const struct observe *observe)
{
    /* A single failure is not an outage yet. */
    if (pause->has_warned[pause->throttles] || (!pause->throttles && !failure->is_probe))
        return;
    pause->has_warned[pause->throttles] = true;
    if (pause->throttles)
        observe_warning(observe, "the hub is throttling: waiting until it accepts requests again");
    else
        observe_warning(observe, "the hub is failing: waiting until it works again: %.300s",
                        failure->error->text);
}

void pause_note_failure(struct pause *pause, const struct pause_failure *failure,
                        const struct observe *observe)
{
    int64_t probe_ms = failure->now_ms + retry_delay_ms(failure->error, 0, 0);

    if (pause->max_ms == 0)
        return;
    if (!pause->is_active || failure->is_probe) {
        int64_t previous_ms = pause->is_active ? pause->delay_ms : 0;

        pause->delay_ms = retry_delay_ms(failure->error, previous_ms, failure->random);
        probe_ms = failure->now_ms + pause->delay_ms;
    }
    /* Attempts that were in flight when the pause started do not increase the back-off: there may
     * be many. */
    if (!pause->is_active || probe_ms > pause->probe_ms)
        pause->probe_ms = probe_ms;
    if (!pause->is_active)
        pause->since_ms = failure->now_ms;
    pause->is_active = true;
    pause->throttles = failure->error->http_status == 429;
    warn(pause, failure, observe);
}

void pause_note_response(struct pause *pause, bool is_probe)
{
    if (is_probe || !pause->throttles)
        pause->is_active = false;
}

bool pause_is_over(const struct pause *pause, int64_t now_ms)
{
    return pause->is_active && now_ms - pause->since_ms >= pause->max_ms;
}
