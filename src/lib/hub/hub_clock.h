/* The hub's clock, estimated from its responses. With a wrong clock, tokens and expiries are
 * refused or are valid for too long. */
#ifndef HUB_CLOCK_H
#define HUB_CLOCK_H

#include "base/clock.h"
#include "http/http.h"

/* One for all clients that share their connections. Zeroed: our own clock is used. */
struct hub_clock {
    int64_t offset_s;       /* the hub's clock minus ours; 0: ours is used */
    int64_t wall_offset_ms; /* our wall clock minus the monotonic one, when offset_s was measured */
    bool is_confirmed;      /* the hub has accepted a request with that offset */
    bool serves_back_end;   /* some client has a policy: see hub_clock_serve_back_end() */
    bool has_warned;        /* that our clock is wrong: once for all requests */
};

/* Return the hub's time now, since 1970 UTC. Reset the offset if our clock was set since it was
 * measured: the clock may be right now. */
int64_t hub_clock_now_ms(struct hub_clock *hub, const struct clock *clock);
int64_t hub_clock_now_s(struct hub_clock *hub, const struct clock *clock);

/* Sets *hub_s to the time of a response: its Date, else the time in the body of a 401. Returns
 * false without one, if it is 50 years off, or if the response comes from a cache (Age). */
bool hub_clock_read(const struct http_response *response, int64_t own_s, int64_t *hub_s);

enum hub_clock_verdict {
    HUB_CLOCK_OURS,     /* the response has no time, or it is within 5 minutes of ours */
    HUB_CLOCK_FOLLOWED, /* tokens and expiries use the hub's clock from now on */
    HUB_CLOCK_KNOWN,    /* they use it already */
    HUB_CLOCK_TOO_FAR,  /* ours is used: the time is too far ahead to be trusted */
};

/* Compares our clock with the time of a refusal, and sets *off_s to the difference (0 for
 * HUB_CLOCK_OURS). A time ahead is trusted only within a bound, as a token signed for it is valid
 * until then. The bound is 3 days for a back end, 400 days for a device, whose clock may have no
 * battery. If the device's clock is before this library's release, it is 10 years after that. */
enum hub_clock_verdict hub_clock_follow(struct hub_clock *hub, const struct http_response *response,
                                        const struct clock *clock, int64_t *off_s);

/* Called when the hub has accepted a request. */
void hub_clock_confirm(struct hub_clock *hub);
/* Called when a token signed with the hub's time was refused, too. Returns to our clock, unless
 * another request has confirmed the hub's. */
void hub_clock_reject(struct hub_clock *hub);
/* Called when a client with a policy joins. Resets an offset that was accepted for a device, and
 * applies the bound of a back end from now on. */
void hub_clock_serve_back_end(struct hub_clock *hub);

#endif
