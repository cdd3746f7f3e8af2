/* Decides when to trust the time in a response. */
#include "hub_clock.h"

#include "base/timestamp.h"
#include "hub_refusal.h"
#include "limits.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    DAY_S = 24 * 3600,
    BACK_END_AHEAD_S = 3 * DAY_S,
    DEVICE_AHEAD_S = 400 * DAY_S,
};
static const int64_t release_ahead_s = (int64_t)3653 * DAY_S; /* 10 years */
static const int64_t implausible_s = (int64_t)50 * 366 * DAY_S;

static int64_t own_ms(const struct clock *clock)
{
    return clock->wall_ms(clock->context);
}

static int64_t own_s(const struct clock *clock)
{
    return own_ms(clock) / 1000;
}

static int64_t wall_offset_ms(const struct clock *clock)
{
    return own_ms(clock) - clock->monotonic_ms(clock->context);
}

int64_t hub_clock_now_ms(struct hub_clock *hub, const struct clock *clock)
{
    if (hub->offset_s != 0
        && llabs(wall_offset_ms(clock) - hub->wall_offset_ms) > (int64_t)1000 * LIMIT_SKEW_S)
        hub->offset_s = 0;
    return own_ms(clock) + hub->offset_s * 1000;
}

int64_t hub_clock_now_s(struct hub_clock *hub, const struct clock *clock)
{
    return hub_clock_now_ms(hub, clock) / 1000;
}

/* Reads the time in the body of a refusal, for a response without a usable Date. */
static bool read_body(const struct http_response *response, int64_t *hub_s)
{
    struct hub_refusal refusal;
    int64_t ms;

    hub_refusal_read(&response->body, &refusal);
    if (!timestamp_parse(refusal.time, &ms))
        return false;
    *hub_s = ms / 1000;
    return true;
}

bool hub_clock_read(const struct http_response *response, int64_t own_s, int64_t *hub_s)
{
    const char *date = http_headers_get(&response->headers, "Date");
    int64_t seconds;

    if (http_headers_get(&response->headers, "Age") != NULL)
        return false;
    if ((date == NULL || !timestamp_parse_http(date, &seconds))
        && (response->status != 401 || !read_body(response, &seconds)))
        return false;
    if (llabs(seconds - own_s) > implausible_s)
        return false;
    *hub_s = seconds;
    return true;
}

static int64_t latest_s(const struct hub_clock *hub, int64_t now_s)
{
    if (hub->serves_back_end)
        return now_s + BACK_END_AHEAD_S;
    return now_s < C2D_RELEASE_S ? C2D_RELEASE_S + release_ahead_s : now_s + DEVICE_AHEAD_S;
}

enum hub_clock_verdict hub_clock_follow(struct hub_clock *hub, const struct http_response *response,
                                        const struct clock *clock, int64_t *off_s)
{
    int64_t now_s = own_s(clock), hub_s, before_s;

    *off_s = 0;
    if (!hub_clock_read(response, now_s, &hub_s))
        return HUB_CLOCK_OURS;
    before_s = hub_clock_now_s(hub, clock) - now_s;
    if (llabs(hub_s - now_s) <= LIMIT_SKEW_S) {
        hub->offset_s = 0; /* our clock was corrected */
        return HUB_CLOCK_OURS;
    }
    *off_s = hub_s - now_s;
    if (hub_s > latest_s(hub, now_s))
        return HUB_CLOCK_TOO_FAR;
    /* Keeps the earlier measurement, so that all tokens use the same time. */
    if (before_s != 0 && llabs(*off_s - before_s) <= LIMIT_SKEW_S)
        return HUB_CLOCK_KNOWN;
    hub->offset_s = *off_s;
    hub->wall_offset_ms = wall_offset_ms(clock);
    hub->is_confirmed = false;
    return HUB_CLOCK_FOLLOWED;
}

void hub_clock_confirm(struct hub_clock *hub)
{
    hub->is_confirmed = true;
}

void hub_clock_reject(struct hub_clock *hub)
{
    if (!hub->is_confirmed)
        hub->offset_s = 0;
}

void hub_clock_serve_back_end(struct hub_clock *hub)
{
    if (!hub->serves_back_end)
        hub->offset_s = 0;
    hub->serves_back_end = true;
}
