/* The end of a ttl is stored by the monotonic clock. So a later correction by the hub's clock
 * applies to the expiry that is written. */
#include "expiry.h"

#include "base/error.h"
#include "hub/limits.h"
#include "hub/message.h"

#include <stdio.h>
#include <string.h>

enum { EXPIRY_REFUSED = 403009 }; /* InvalidMessageExpiryTime [hub docs] */

static bool is_fixed(const struct expiry *expiry, const struct expiry_moment *moment)
{
    return expiry->ends_ms != 0 && (expiry->from_start || moment->in_doubt);
}

bool expiry_is_over(const struct expiry *expiry, const struct expiry_moment *moment)
{
    if (expiry->ttl_s > 0)
        return is_fixed(expiry, moment) && expiry->ends_ms <= moment->now_ms;
    return expiry->at_s > 0 && expiry->at_s <= moment->hub_now_ms / 1000;
}

bool expiry_is_too_far(const struct expiry *expiry, const struct expiry_moment *moment)
{
    return expiry->ttl_s == 0 && expiry->at_s > moment->hub_now_ms / 1000 + LIMIT_EXPIRY_S + 1;
}

void expiry_write(struct expiry *expiry, const struct expiry_moment *moment,
                  struct http_headers *headers)
{
    int64_t hub_now_ms = moment->hub_now_ms, left_ms;

    if (expiry->ttl_s == 0)
        return;
    if (!is_fixed(expiry, moment))
        expiry->ends_ms = moment->now_ms + expiry->ttl_s * 1000;
    left_ms = expiry->ends_ms - moment->now_ms;
    /* The hub refuses more than the longest ttl, and its clock may be a fraction of a second behind
     * ours. */
    if (left_ms > (int64_t)1000 * (LIMIT_EXPIRY_S - 1))
        hub_now_ms -= hub_now_ms % 1000;
    message_set_expiry(headers, hub_now_ms + left_ms);
}

bool expiry_explains(const struct expiry *expiry, const struct c2d_error *error, int64_t now_ms)
{
    return error->hub_code == EXPIRY_REFUSED && expiry->ttl_s > 0 && expiry->ends_ms <= now_ms;
}

enum c2d_status expiry_fail(const struct expiry *expiry, const char *when, struct c2d_error *error)
{
    char last[sizeof error->text], what[48] = "expiry";

    memcpy(last, error->text, sizeof last);
    *error = (struct c2d_error) { .attempts = error->attempts,
                                  .earlier_try_unanswered = error->earlier_try_unanswered };
    if (expiry->ttl_s > 0)
        snprintf(what, sizeof what, "ttl of %lld s", (long long)expiry->ttl_s);
    return fail(error, C2D_DATA, "the message's %s had passed %s%s%.380s", what, when,
                *last == '\0' ? "" : ": ", last);
}
