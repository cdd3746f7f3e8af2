/* The hub's REST endpoints: one row of facts for each, and how a request is made from it. Sends
 * nothing. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include "connstr.h"
#include "http/http.h"

/* What becomes of a request when the caller is told to stop. */
enum endpoint_manner {
    ENDPOINT_READS,   /* given up at once */
    ENDPOINT_SENDS,   /* not begun; once begun it gets 5 s to end */
    ENDPOINT_SETTLES, /* begun all the same, and gets 5 s to end */
};

struct endpoint {
    const char *what;  /* it is asked to do, for sentences */
    const char *right; /* what a policy needs for it; DeviceConnect: it takes a device's key */
    const char *method;
    const char *path;  /* {d} is the device id, {t} the lock token */
    const char *query; /* behind the api-version */
    enum endpoint_manner manner;
    int expected[2]; /* HTTP statuses that are success; 0: no second one */
    bool hides_keys; /* its answer holds the device's keys */
};

enum endpoint_id {
    ENDPOINT_SEND,
    ENDPOINT_SEND_OLDER, /* the device is in a header: for hubs that do not know the other */
    ENDPOINT_RECEIVE,
    ENDPOINT_COMPLETE,
    ENDPOINT_REJECT,
    ENDPOINT_ABANDON,
    ENDPOINT_FEEDBACK,
    ENDPOINT_FEEDBACK_COMPLETE,
    ENDPOINT_FEEDBACK_ABANDON,
    ENDPOINT_PURGE,
    ENDPOINT_DEVICE,
    /* As the two completions, of a lock that cannot exist. */
    ENDPOINT_PROBE_DEVICE,
    ENDPOINT_PROBE_SERVICE,
};

extern const struct endpoint endpoints[]; /* by enum endpoint_id */

/* Whom and what a request is about. */
struct endpoint_target {
    const struct credentials *credentials;
    const char *api_version; /* NULL: the endpoint's own */
    const char *device_id;   /* NULL: that of the credentials, if any */
    const char *lock_token;  /* NULL: none */
};

/* C2D_CONFIG for the wrong kind of credentials, C2D_DATA for an id or token that no request can
 * carry. */
enum c2d_status endpoint_check(const struct endpoint *endpoint,
                               const struct endpoint_target *target, struct c2d_error *error);
/* Fills in a zeroed request but for headers and body, for a target that endpoint_check() takes. */
enum c2d_status endpoint_request(const struct endpoint *endpoint,
                                 const struct endpoint_target *target, struct http_request *request,
                                 struct c2d_error *error);

/* What ENDPOINT_SEND_OLDER needs besides: the device in a header. */
enum c2d_status endpoint_name_device(const char *device_id, struct http_request *request,
                                     struct c2d_error *error);
bool endpoint_is_for_device(const struct endpoint *endpoint);

#endif
