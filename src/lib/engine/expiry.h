/* When the message of a send expires, and whether another attempt still makes sense. */
#ifndef EXPIRY_H
#define EXPIRY_H

#include "http/http.h"

struct expiry {
    int64_t ttl_s;   /* the time to live; 0: none */
    int64_t at_s;    /* else by the hub's clock, since 1970 UTC; 0: none */
    bool from_start; /* the ttl counts from the first attempt; else from each until one is in doubt
                      */
    int64_t ends_ms; /* of the ttl, by the monotonic clock; 0: no attempt yet */
};

/* A moment of a call: by the monotonic clock and by the hub's, and whether an attempt is in
 * doubt. */
struct expiry_moment {
    int64_t now_ms, hub_now_ms;
    bool in_doubt;
};

/* True if an attempt at this moment would be too late. */
bool expiry_is_over(const struct expiry *expiry, const struct expiry_moment *moment);
/* True if the hub would refuse it as being over two days ahead [hub docs]. */
bool expiry_is_too_far(const struct expiry *expiry, const struct expiry_moment *moment);
/* Before an attempt: writes the expiry of a message with a ttl into its headers. */
void expiry_write(struct expiry *expiry, const struct expiry_moment *moment,
                  struct http_headers *headers);
/* True if error is the hub's refusal of an expiry that has passed since the attempt began. */
bool expiry_explains(const struct expiry *expiry, const struct c2d_error *error, int64_t now_ms);
/* C2D_DATA: the message expired at the time that when names. The text of error, about the attempt
 * before, becomes the reason; of its other facts only attempts and doubt stay. */
enum c2d_status expiry_fail(const struct expiry *expiry, const char *when, struct c2d_error *error);

#endif
