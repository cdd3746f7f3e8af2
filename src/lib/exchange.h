/* One operation as a series of tries: signs, sends, waits, reads, and asks the retry policy. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "clock.h"
#include "endpoint.h"
#include "http.h"
#include "hub_error.h"
#include "observe.h"
#include "retry.h"
#include "signer.h"

/* What all operations of a client share. */
struct exchange {
    struct http_transport transport;
    struct clock clock;
    struct signer signer;
    struct retry_budget *budget; /* NULL: tries are bounded by their number alone */
    struct observe observe;
    int connect_timeout_ms, timeout_ms, retries;
    int cancel_fd;
    bool dry_run;
};

/* Where a call stands. Zeroed at first; a call that is performed again in another form goes on with
 * it, so that time-out, count and doubts are those of the whole. */
struct exchange_progress {
    int64_t deadline_ms;
    int64_t started_at_s; /* when the last try left, by our clock */
    unsigned attempts;
    int64_t previous_delay_ms;
    bool token_renewed;
    bool clock_followed;
    bool cancelled;          /* the grace period runs */
    bool written_unanswered; /* some try was written and lost */
    struct c2d_error answer; /* of the last try that was answered; http_status 0: none was */
};

struct exchange_call {
    const struct endpoint *endpoint;
    struct http_request *request;   /* complete but for Authorization and time-outs */
    const char *device_id;          /* whom it concerns, for sentences; NULL: nobody */
    struct http_response *response; /* filled in on success; zeroed by the caller */
    struct c2d_probe *probe; /* NULL, or notes every try, of which only a 401 leads to another */
    struct exchange_progress progress;
};

/* Resets error first. Any status of the hub or the network; C2D_DRY_RUN, C2D_CANCELLED. */
enum c2d_status exchange_perform(struct exchange *exchange, struct exchange_call *call,
                                 struct c2d_error *error);

#endif
