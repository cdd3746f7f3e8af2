/* One operation as a series of tries: what a try sends, and what its end leads to. When each try
 * happens, and that others happen beside it, is exchange.c's. */
#ifndef CALL_H
#define CALL_H

#include "clock.h"
#include "endpoint.h"
#include "expiry.h"
#include "http.h"
#include "hub_error.h"
#include "observe.h"
#include "retry.h"
#include "signer.h"

/* What holds for all calls. */
struct call_terms {
    struct clock clock;
    struct observe observe;
    struct retry_budget *budget; /* NULL: tries are bounded by their number alone */
    int connect_timeout_ms, timeout_ms, retries;
    bool dry_run;
};

/* Where a call stands. Zeroed at first; a call that is performed again in another form goes on with
 * it, so that time-out, count and doubts are those of the whole. */
struct call_progress {
    int64_t deadline_ms;  /* 0: the next attempt starts the time-out */
    int64_t started_ms;   /* when the last try left */
    int64_t started_at_s; /* the same, by our wall clock */
    unsigned attempts;
    unsigned uncounted; /* of them: the hub failed, and they count as no retry */
    /* Failures of the hub while the exchange may pause, and when the first one came. */
    unsigned hub_failures;
    int64_t hub_failed_ms;
    int64_t previous_delay_ms;
    bool token_renewed;
    enum hub_clock_verdict clock_verdict; /* after a 401 */
    int64_t clock_off_s;                  /* the hub's clock minus ours, by that */
    bool cancelled;                       /* the grace period runs */
    /* Some attempt may have been applied, unseen: it was written and got no response, or one of a
     * box that cannot know. Sticky: a later response cannot tell whether this attempt took
     * effect. */
    bool in_doubt;
    bool rewritten;          /* a box turned a 204 into another success without content */
    struct c2d_error answer; /* of the last try that was answered; http_status 0: none was */
};

/* Which of its owner's lists a call is in. */
enum call_state { CALL_IDLE, CALL_BEHIND, CALL_READY, CALL_FLYING, CALL_SLEEPING, CALL_ENDED };

struct call {
    const struct endpoint *endpoint;
    struct http_request *request;   /* complete but for Authorization and time-outs */
    const char *device_id;          /* whom it concerns; NULL: nobody */
    struct signer *signer;          /* of the client that it is for */
    struct http_response *response; /* filled in on success; zeroed by the caller */
    struct expiry expiry;           /* of the message that request carries */
    struct c2d_probe *probe; /* NULL, or notes every try, of which only a 401 leads to another */
    struct call_progress progress;
    struct c2d_error error; /* how it ended */
    bool hub_failed;        /* the last attempt: for a reason that is the hub's, and may pass */
    /* Frees what call is part of, when nobody will ask for it any more; NULL: a caller's own. */
    void (*drop)(struct call *call);

    /* Of exchange.c alone. */
    enum call_state state;
    int64_t wake_ms;          /* sleeping: until then */
    struct call *next;        /* in its list */
    struct call *bucket_next; /* among the unfinished of its bucket */
    struct call *follower;    /* begins when this one has ended: it is for the same device */
};

/* Begins a try at now_ms. Any status but C2D_OK ends the call: C2D_DRY_RUN, C2D_OS. */
enum c2d_status call_start(struct call *call, const struct call_terms *terms,
                           struct http_transport *transport, int64_t now_ms);

/* What comes after a try. */
enum call_next { CALL_DONE, CALL_AGAIN, CALL_AGAIN_LATER };

/* Takes over what a try has brought; done is empty afterwards. CALL_DONE: call->error says how it
 * ended; CALL_AGAIN_LATER: at call->wake_ms. may_pause: a failure of the hub takes no time of the
 * call's, and counts as a retry only if the attempt was written and got no response. */
enum call_next call_finish_try(struct call *call, const struct call_terms *terms,
                               struct http_done *done, int64_t now_ms, bool may_pause);
/* Does this response of a send or a settlement leave open whether it was applied? */
bool call_leaves_doubt(const struct c2d_error *error);
/* Ends a call whose next try does not happen, with the last word on what failed. */
void call_conclude(struct call *call, bool out_of_time);

#endif
