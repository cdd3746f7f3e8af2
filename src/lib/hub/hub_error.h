/* Describes a hub's refusal: status, text, hint, and whether to retry. */
#ifndef HUB_ERROR_H
#define HUB_ERROR_H

#include "http/http.h"

/* How the request was authenticated. */
enum hub_auth {
    HUB_AUTH_POLICY,
    HUB_AUTH_DEVICE_KEY,
    HUB_AUTH_TOKEN, /* a ready SharedAccessSignature */
    HUB_AUTH_CERTIFICATE,
    HUB_AUTH_NOT_REQUESTED, /* a certificate, which the TLS peer did not request */
};

/* The request that was refused, for the text. */
struct hub_request {
    const char *what;      /* "send", "complete", … */
    const char *device_id; /* NULL: the request concerns no device */
    const char *right;     /* what the policy needs, "ServiceConnect" */
    enum hub_auth auth;
};

/* Describes a response with an unexpected status. Sets all of error but attempts and
 * earlier_try_unanswered, and returns its status. */
enum c2d_status hub_error_read(const struct http_response *response,
                               const struct hub_request *request, int64_t now_s,
                               struct c2d_error *error);

/* The hint for a response that is not that of a hub. */
#define HUB_ERROR_FOREIGN                                                                          \
    "a proxy or a login portal may have responded: a trace shows who responded"

/* True if a request with this HTTP status may succeed later. */
bool hub_error_is_retryable(int http_status);
/* Converts a Retry-After header (seconds or a date) to seconds from now. Returns 0 for NULL, an
 * invalid value, or a time in the past. */
int hub_error_retry_after_s(const char *header, int64_t now_s);

#endif
