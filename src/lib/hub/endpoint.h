/* The hub's REST endpoints: a table, and functions that make a request from a row. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include "connstr.h"
#include "http/http.h"

/* How a request is treated when it is cancelled, queued or unanswered. The comments say what a
 * cancellation does to it. */
enum endpoint_kind {
    ENDPOINT_READS,   /* ended at once */
    ENDPOINT_SENDS,   /* not started; if it is in flight, it may take 5 s more */
    ENDPOINT_SETTLES, /* still started, and may take 5 s more */
};

struct endpoint {
    const char *what;  /* a verb for texts: "the hub refused to %s" */
    const char *right; /* that a policy needs; DeviceConnect: needs a device's credentials */
    const char *method;
    const char *path;  /* {d} is the device id, {t} the lock token */
    const char *query; /* after the api-version */
    enum endpoint_kind kind;
    int expected[2];   /* HTTP statuses that are success; 0: no second one */
    bool returns_keys; /* the response holds the device's keys */
};

enum endpoint_id {
    ENDPOINT_SEND,
    ENDPOINT_SEND_OLDER, /* names the device in a header, for hubs without ENDPOINT_SEND */
    ENDPOINT_RECEIVE,
    ENDPOINT_COMPLETE,
    ENDPOINT_REJECT,
    ENDPOINT_ABANDON,
    ENDPOINT_FEEDBACK,
    ENDPOINT_FEEDBACK_COMPLETE,
    ENDPOINT_FEEDBACK_ABANDON,
    ENDPOINT_PURGE,
    ENDPOINT_DEVICE,
    /* Like the two completions, but of a lock that cannot exist. */
    ENDPOINT_PROBE_DEVICE,
    ENDPOINT_PROBE_SERVICE,
};

extern const struct endpoint endpoints[]; /* by enum endpoint_id */

/* The parameters of a request. */
struct endpoint_target {
    const struct credentials *credentials;
    const char *api_version; /* NULL: the endpoint's own */
    const char *device_id;   /* NULL: that of the credentials, if any */
    const char *lock_token;  /* NULL: none */
};

/* Returns C2D_CONFIG for the wrong kind of credentials, C2D_DATA for a device id or lock token that
 * is not allowed. */
enum c2d_status endpoint_check(const struct endpoint *endpoint,
                               const struct endpoint_target *target, struct c2d_error *error);
/* Fills in a zeroed request, without headers and body. target has passed endpoint_check(). */
enum c2d_status endpoint_request(const struct endpoint *endpoint,
                                 const struct endpoint_target *target, struct http_request *request,
                                 struct c2d_error *error);

/* Adds the header that names the device, for ENDPOINT_SEND_OLDER. */
enum c2d_status endpoint_name_device(const char *device_id, struct http_request *request,
                                     struct c2d_error *error);
bool endpoint_is_for_device(const struct endpoint *endpoint);

#endif
