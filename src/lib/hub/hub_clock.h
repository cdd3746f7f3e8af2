/* The hub's clock, as far as its responses show it. A token and an expiry that go by a clock that
 * is off are refused, or good for too long. */
#ifndef HUB_CLOCK_H
#define HUB_CLOCK_H

#include "base/clock.h"
#include "http/http.h"

/* One for all clients that share their connections. Zeroed: our own clock is right. */
struct hub_clock {
    int64_t offset_s;     /* the hub's clock minus ours; 0: ours is used */
    int64_t own_apart_ms; /* our wall clock minus the monotonic one, when offset_s was measured */
    bool is_confirmed;    /* the hub has accepted a request since */
    bool serves_back_end; /* some client has a policy: see hub_clock_serve_back_end() */
    bool has_warned;      /* that our clock is off: once for all requests */
};

/* The hub's time now, since 1970 UTC. Forgets the offset if our clock was set since that was
 * measured: it would be added to a clock that is right. */
int64_t hub_clock_now_ms(struct hub_clock *hub, const struct clock *clock);
int64_t hub_clock_now_s(struct hub_clock *hub, const struct clock *clock);

/* The time that a response shows: its Date, else the time in the body of a 401. False if there is
 * none, if it is 50 years off or if the response comes from a cache (Age). */
bool hub_clock_read(const struct http_response *response, int64_t own_s, int64_t *hub_s);

enum hub_clock_verdict {
    HUB_CLOCK_OURS,     /* no time was shown, or it is within 5 minutes of ours */
    HUB_CLOCK_FOLLOWED, /* tokens and expiries go by the hub's clock from now on */
    HUB_CLOCK_KNOWN,    /* as before: they did already */
    HUB_CLOCK_TOO_FAR,  /* ours is used: no peer may choose a time so far ahead */
};

/* Compares our clock with the time that the response to a refused request shows; *off_s is the
 * difference, 0 for HUB_CLOCK_OURS. How far ahead a time may be depends on our clock alone, since a
 * token that is signed for it is good until then: 3 days for a back end; for a device, which may
 * have no battery for its clock, 400 days, and 10 years after the release of this library where its
 * clock is earlier than that. */
enum hub_clock_verdict hub_clock_follow(struct hub_clock *hub, const struct http_response *response,
                                        const struct clock *clock, int64_t *off_s);

/* A request was accepted. */
void hub_clock_confirm(struct hub_clock *hub);
/* A token that was signed with the hub's time was refused too: goes back to our clock, unless
 * another request has confirmed the hub's. */
void hub_clock_doubt(struct hub_clock *hub);
/* A client with a policy takes part: what was followed for a device alone is forgotten, and the
 * bounds of a back end hold from now on. */
void hub_clock_serve_back_end(struct hub_clock *hub);

#endif
