/* One operation as a series of attempts: what an attempt sends, and what follows its end.
 * exchange.c decides when attempts are made. */
#ifndef CALL_H
#define CALL_H

#include "base/clock.h"
#include "base/link.h"
#include "expiry.h"
#include "http/http.h"
#include "hub/endpoint.h"
#include "hub/hub_error.h"
#include "observe.h"
#include "outcome.h"
#include "retry.h"
#include "signer.h"

/* What all calls of a client have in common. */
struct call_terms {
    struct clock clock;
    struct observe observe;
    struct retry_budget *budget; /* NULL: only `retries` limits the attempts */
    const char *api_version;     /* NULL: each endpoint's own */
    int connect_timeout_ms, timeout_ms, retries;
    bool dry_run;
};

/* The progress of a call. Zeroed at first. It is that of both forms of a send. */
struct call_progress {
    int64_t deadline_ms;  /* 0: the next attempt starts the time-out */
    int64_t started_ms;   /* start of the last attempt */
    int64_t started_at_s; /* the same, by our wall clock */
    unsigned attempts;
    unsigned uncounted; /* of them: failures of the hub, which do not count as retries */
    /* Failures of the hub while the exchange may pause, and the time of the first one. */
    unsigned hub_failures;
    int64_t hub_failed_ms;
    int64_t previous_delay_ms;
    int64_t clock_off_s;                  /* the hub's clock minus ours, by clock_verdict */
    enum hub_clock_verdict clock_verdict; /* after a 401 */
    bool token_renewed;
    bool cancelled; /* in the grace period */
    /* An attempt was written and got no response, or one of a middlebox that does not know its
     * effect. Sticky: a later response cannot tell whether this attempt took effect. */
    bool in_doubt;
    bool rewritten; /* a middlebox turned a 204 into another success without content */
    bool fresh;     /* the next attempt uses a new connection */
};

/* Which list of its exchange a call is in. CALL_QUEUED: none, as it waits for an earlier send to
 * the same device. */
enum call_state { CALL_IDLE, CALL_QUEUED, CALL_READY, CALL_IN_FLIGHT, CALL_SLEEPING, CALL_ENDED };

/* Kept small, as there may be a million: the request is made for each attempt. */
struct call {
    /* The parameters; borrowed. */
    const struct endpoint *endpoint;
    struct signer *signer; /* of the client */
    const char *device_id; /* NULL: the call concerns no device */
    const char *lock_token;
    const struct c2d_message *message;
    const char *message_id;  /* replaces the message's own; NULL: that is used */
    struct c2d_probe *probe; /* of c2d_probe(), or NULL: records each attempt, retries only a 401 */
    struct expiry expiry;    /* of the message */

    struct call_progress progress;
    struct http_request request;   /* of the attempt in flight, else empty */
    struct http_response response; /* of a success, once the call has ended */
    struct outcome outcome;        /* of the last attempt; once the call has ended, of the call */
    struct outcome last_response;  /* of the last attempt with a response, if another followed */
    struct outcome refused;        /* of the first form of a send, if the older one followed */
    bool hub_failed;               /* the last attempt failed, but a later one may succeed */
    /* Frees the struct that call is part of, if its result is not wanted any more; NULL: the caller
     * frees it. */
    void (*drop)(struct call *call);

    /* Only for exchange.c and its lists. */
    enum call_state state;
    struct link place;           /* in the list of its state */
    struct link owners;          /* in the list of its client's calls */
    int64_t wake_ms;             /* of CALL_SLEEPING: time of the next attempt */
    size_t heap_place;           /* of CALL_SLEEPING */
    uint32_t device_hash;        /* of a send */
    struct call *before, *after; /* of a send: the previous and next one to the same device */
    struct call *bucket_next;
};

/* Checks the parameters before a request is made. */
enum c2d_status call_check(const struct call *call, struct c2d_error *error);
/* Starts an attempt at now_ms. False: the call has ended, and its outcome says why. */
bool call_start(struct call *call, const struct call_terms *terms, struct http_transport *transport,
                int64_t now_ms);

/* What follows an attempt. */
enum call_next { CALL_DONE, CALL_AGAIN, CALL_AGAIN_LATER };

/* Processes the end of an attempt; done is empty afterwards. CALL_DONE: call->outcome is the
 * result. CALL_AGAIN_LATER: the next attempt is at call->wake_ms. may_pause: a failure of the hub
 * does not count towards the time-out, and counts as a retry only if the attempt was written and
 * got no response. */
enum call_next call_finish_attempt(struct call *call, const struct call_terms *terms,
                                   struct http_done *done, int64_t now_ms, bool may_pause);
/* True if this response does not show whether the request took effect. */
bool call_leaves_doubt(const struct c2d_error *error);
/* True if the peer does not know the path. A hub's response about a device has a code. */
bool call_lacks_path(const struct c2d_error *error);
/* Completes the outcome of a call that gets no other attempt. is_late: its time-out has passed. */
void call_conclude(struct call *call, bool is_late);
/* Frees the members of call that it owns. */
void call_clear(struct call *call);
/* Returns the moment of an attempt in delay_ms. */
struct expiry_moment call_moment(const struct call *call, const struct call_terms *terms,
                                 int64_t now_ms, int64_t delay_ms);

#endif
