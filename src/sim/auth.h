#ifndef SIM_AUTH_H
#define SIM_AUTH_H

#include "hub.h"

enum auth_result {
    AUTH_OK,
    AUTH_UNREADABLE, /* no token, or one that cannot be read */
    AUTH_REFUSED,
};

/* What a request wants to do. */
struct auth_claim {
    const struct http_request *request;
    const struct http_peer *peer;
    enum permission permission;
    const char *device_id;       /* whose queue a device call is about */
    const struct device *device; /* NULL: there is none of that id */
};

/* May it, at this time? A device call is one that wants PERMISSION_DEVICE_CONNECT. */
enum auth_result auth_check(const struct hub *hub, const struct auth_claim *claim, int64_t now_ms);

#endif
