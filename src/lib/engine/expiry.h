/* The expiry of a message that is sent, and whether there is time for another attempt. */
#ifndef EXPIRY_H
#define EXPIRY_H

#include "http/http.h"

struct expiry {
    int64_t ttl_s; /* the time to live; 0: none */
    int64_t at_s;  /* without a ttl: the expiry, by the hub's clock, since 1970 UTC; 0: none */
    /* The ttl counts from the first attempt. Otherwise from each attempt, until one is in doubt. */
    bool from_start;
    int64_t ends_ms; /* end of the ttl, by the monotonic clock; 0: no attempt yet */
};

/* The time of an attempt, by the monotonic clock and by the hub's, and whether an earlier one is in
 * doubt. */
struct expiry_moment {
    int64_t now_ms, hub_now_ms;
    bool in_doubt;
};

/* True if an attempt at this moment would be too late. */
bool expiry_is_over(const struct expiry *expiry, const struct expiry_moment *moment);
/* True if the hub would refuse it as being over two days ahead [hub docs]. */
bool expiry_is_too_far(const struct expiry *expiry, const struct expiry_moment *moment);
/* Before an attempt: writes the expiry of a message with a ttl to its headers. */
void expiry_write(struct expiry *expiry, const struct expiry_moment *moment,
                  struct http_headers *headers);
/* True if error is the hub's refusal of an expiry that has passed since the attempt started. */
bool expiry_explains(const struct expiry *expiry, const struct c2d_error *error, int64_t now_ms);
/* Fails with C2D_DATA: the message had expired, when says at what point. The previous text of error
 * is appended. Of its other members only attempts and doubt are kept. */
enum c2d_status expiry_fail(const struct expiry *expiry, const char *when, struct c2d_error *error);

#endif
