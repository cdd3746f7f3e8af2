/* What a hub's refusal means: status, sentence, next step, and whether to try again. */
#ifndef HUB_ERROR_H
#define HUB_ERROR_H

#include "http/http.h"

/* By what the hub was to know who asked. */
enum hub_proof {
    PROOF_POLICY,
    PROOF_DEVICE_KEY,
    PROOF_TOKEN, /* a ready SharedAccessSignature */
    PROOF_CERTIFICATE,
    PROOF_UNSEEN, /* a certificate, which nobody has asked for */
};

/* What was asked, for the sentence. */
struct hub_question {
    const char *what;      /* "send", "complete", … */
    const char *device_id; /* NULL: none is concerned */
    const char *right;     /* what the policy needs, "ServiceConnect" */
    enum hub_proof proof;
};

/* Reads an answer that is not what was asked for. Sets all of error but attempts and
 * earlier_try_unanswered; returns its status. */
enum c2d_status hub_error_read(const struct http_response *response,
                               const struct hub_question *question, int64_t now_s,
                               struct c2d_error *error);

/* True if a request that got this HTTP status may succeed later. */
bool hub_error_is_retryable(int http_status);
/* Retry-After as seconds or date, as seconds from now; 0 for none, junk, or the past. */
int hub_error_retry_after_s(const char *header, int64_t now_s);

#endif
