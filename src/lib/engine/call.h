/* One operation as a series of tries: what a try sends, and what its end leads to. When each try
 * happens, and that others happen beside it, is exchange.c's. */
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

/* What holds for all calls. */
struct call_terms {
    struct clock clock;
    struct observe observe;
    struct retry_budget *budget; /* NULL: tries are bounded by their number alone */
    const char *api_version;     /* NULL: each endpoint's own */
    int connect_timeout_ms, timeout_ms, retries;
    bool dry_run;
};

/* Where a call stands. Zeroed at first; a call that is performed again in another form goes on with
 * it, so that time-out, count and doubts are those of the whole. */
struct call_progress {
    int64_t deadline_ms;  /* 0: the next attempt starts the time-out */
    int64_t started_ms;   /* when the last attempt left */
    int64_t started_at_s; /* the same, by our wall clock */
    unsigned attempts;
    unsigned uncounted; /* of them: the hub failed, and they count as no retry */
    /* Failures of the hub while the exchange may pause, and when the first one came. */
    unsigned hub_failures;
    int64_t hub_failed_ms;
    int64_t previous_delay_ms;
    int64_t clock_off_s;                  /* the hub's clock minus ours, by clock_verdict */
    enum hub_clock_verdict clock_verdict; /* after a 401 */
    bool token_renewed;
    bool cancelled; /* the grace period runs */
    /* Some attempt may have been applied, unseen: it was written and got no response, or one of a
     * box that cannot know. Sticky: a later response cannot tell whether this attempt took
     * effect. */
    bool in_doubt;
    bool rewritten; /* a box turned a 204 into another success without content */
    bool fresh;     /* the next attempt goes over a new connection */
};

/* Which of its exchange's lists a call is in. BEHIND: none, an earlier send of its device comes
 * first. */
enum call_state { CALL_IDLE, CALL_BEHIND, CALL_READY, CALL_FLYING, CALL_SLEEPING, CALL_ENDED };

/* There may be a million of them: what only an attempt needs is made for it. */
struct call {
    /* What is asked; borrowed. */
    const struct endpoint *endpoint;
    struct signer *signer; /* of the client that it is for */
    const char *device_id; /* whom it concerns; NULL: nobody */
    const char *lock_token;
    const struct c2d_message *message;
    const char *message_id;  /* instead of the message's; NULL: that */
    struct c2d_probe *probe; /* NULL, or notes every try, of which only a 401 leads to another */
    struct expiry expiry;    /* of the message */

    struct call_progress progress;
    struct http_request request;   /* of the attempt in flight, else empty */
    struct http_response response; /* of a success, once the call has ended */
    struct outcome outcome;        /* of the last attempt; once the call has ended, of the call */
    struct outcome answer; /* of the last attempt that got a response, if another followed */
    bool hub_failed;       /* the last attempt: for a reason that is the hub's, and may pass */
    /* Frees what call is part of, when nobody will ask for it any more; NULL: a caller's own. */
    void (*drop)(struct call *call);

    /* Of exchange.c and its lists alone. */
    enum call_state state;
    struct link place;           /* in the list of its state */
    struct link owners;          /* in the list of its client's calls */
    int64_t wake_ms;             /* sleeping: until then */
    size_t heap_place;           /* sleeping */
    uint32_t device_hash;        /* of a send */
    struct call *before, *after; /* of a send: its neighbours among those for the same device */
    struct call *bucket_next;
};

/* Checks everything that can be wrong before a request is made. */
enum c2d_status call_check(const struct call *call, struct c2d_error *error);
/* Begins an attempt at now_ms. False: the call has ended, and its outcome says why. */
bool call_start(struct call *call, const struct call_terms *terms, struct http_transport *transport,
                int64_t now_ms);

/* What comes after a try. */
enum call_next { CALL_DONE, CALL_AGAIN, CALL_AGAIN_LATER };

/* Takes over what an attempt has brought; done is empty afterwards. CALL_DONE: call->outcome says
 * how it ended; CALL_AGAIN_LATER: at call->wake_ms. may_pause: a failure of the hub takes no time
 * of the call's, and counts as a retry only if the attempt was written and got no response. */
enum call_next call_finish_try(struct call *call, const struct call_terms *terms,
                               struct http_done *done, int64_t now_ms, bool may_pause);
/* Does this response of a send or a settlement leave open whether it was applied? */
bool call_leaves_doubt(const struct c2d_error *error);
/* Ends a call whose next attempt does not happen, with the last word on what failed. */
void call_conclude(struct call *call);
/* Frees what the call holds itself. */
void call_clear(struct call *call);
/* The moment of an attempt in delay_ms. */
struct expiry_moment call_moment(const struct call *call, const struct call_terms *terms,
                                 int64_t now_ms, int64_t delay_ms);

#endif
