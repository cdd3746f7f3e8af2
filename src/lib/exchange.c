/* The loop around transport, signer and retry policy: one call, until it succeeds or has to end. It
 * knows time-outs and signals; what an answer's body means is for its callers. */
#include "exchange.h"

#include "probe.h"
#include "status.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* What a signal leaves to a request that is already on its way (Q2). */
    GRACE_MS = 5000,
    SLACK_MS = 1000, /* the transport keeps the deadline itself, and knows more to say of it */
};

static int64_t now_ms(const struct exchange *exchange)
{
    return exchange->clock.monotonic_ms(exchange->clock.context);
}

static bool is_cancelled(const struct exchange *exchange)
{
    /* Looked at and never read: a stop holds for every later call of the program too. */
    struct pollfd poll_fd = { .fd = exchange->cancel_fd, .events = POLLIN };

    return exchange->cancel_fd >= 0 && poll(&poll_fd, 1, 0) > 0;
}

static enum c2d_status fail_cancelled(struct c2d_error *error)
{
    return fail(error, C2D_CANCELLED, "stopped by a signal");
}

/* Begins the grace period if there is to be one; false if the operation stops here and now. */
static bool survives_cancel(const struct exchange *exchange, struct exchange_call *call, bool begun)
{
    int64_t grace_end_ms = now_ms(exchange) + GRACE_MS;

    if (call->endpoint->manner == ENDPOINT_READS
        || (call->endpoint->manner == ENDPOINT_SENDS && !begun))
        return false;
    if (grace_end_ms < call->progress.deadline_ms)
        call->progress.deadline_ms = grace_end_ms;
    call->progress.cancelled = true;
    return true;
}

static enum c2d_status start(struct exchange *exchange, struct exchange_call *call,
                             struct c2d_error *error)
{
    struct http_request *request = call->request;
    int64_t now_s = exchange->clock.wall_s(exchange->clock.context);
    int64_t left_ms = call->progress.deadline_ms - now_ms(exchange);
    enum c2d_status status = signer_token(&exchange->signer, now_s, &request->authorization, error);

    if (status != C2D_OK)
        return status;
    /* Behind the signing, so that what is shown is the whole request. */
    if (exchange->dry_run) {
        if (!observe_dry_run(&exchange->observe, request))
            return fail_memory(error);
        return fail(error, C2D_DRY_RUN, "dry run: nothing was sent");
    }
    /* Never 0, which libcurl takes for no time-out at all. */
    request->timeout_ms = left_ms > 1 ? (int)left_ms : 1;
    request->connect_timeout_ms = exchange->connect_timeout_ms;
    observe_request(&exchange->observe, request);
    call->progress.attempts++;
    /* From here a lock's minute is counted: the hub cannot have begun it earlier. */
    call->progress.started_at_s = now_s;
    return exchange->transport.start(exchange->transport.self, request, call, error);
}

/* Waits for the try that was started. False when it was given up because of a cancellation. */
static bool await(struct exchange *exchange, struct exchange_call *call, struct http_done *done)
{
    struct http_transport *transport = &exchange->transport;
    const struct exchange_progress *progress = &call->progress;

    for (;;) {
        int64_t end_ms = progress->deadline_ms + (progress->cancelled ? 0 : SLACK_MS);
        int64_t left_ms = end_ms - now_ms(exchange);
        int cancel_fd = progress->cancelled ? -1 : exchange->cancel_fd;

        if (transport->wait(transport->self, left_ms > 0 ? left_ms : 0, cancel_fd, done))
            return true;
        if (!progress->cancelled && is_cancelled(exchange)) {
            if (survives_cancel(exchange, call, true))
                continue;
            transport->cancel(transport->self, call);
            return false;
        }
        if (end_ms - now_ms(exchange) > 0)
            continue;
        transport->cancel(transport->self, call);
        /* How far it got is not known any more: "written" is the guess that hides no duplicate. */
        *done = (struct http_done) { .tag = call, .written = true };
        done->error.retryable = true;
        fail(&done->error, C2D_TIMEOUT, "no answer in time");
        return true;
    }
}

static enum hub_proof proof_of(const struct exchange *exchange, const struct exchange_call *call,
                               const struct http_done *done)
{
    if (!endpoint_is_for_device(call->endpoint))
        return PROOF_POLICY;
    if (!exchange->signer.credentials->x509)
        return PROOF_DEVICE_KEY;
    return done->asked_for_certificate ? PROOF_CERTIFICATE : PROOF_UNSEEN;
}

static bool is_expected(const struct exchange_call *call, int http_status)
{
    return http_status != 0
           && (http_status == call->endpoint->expected[0]
               || http_status == call->endpoint->expected[1]);
}

/* Turns what came back into error; true on success. */
static bool read_done(struct exchange *exchange, struct exchange_call *call,
                      const struct http_done *done, struct c2d_error *error)
{
    struct exchange_progress *progress = &call->progress;
    const struct hub_question question = {
        .what = call->endpoint->what,
        .device_id = call->device_id,
        .right = call->endpoint->right,
        .proof = proof_of(exchange, call, done),
    };
    bool success = false;

    probe_note(call->probe, done, exchange->clock.wall_s(exchange->clock.context));
    if (done->error.status != C2D_OK) {
        *error = done->error;
        /* Sticky: no later answer takes back the doubt that this try leaves. */
        progress->written_unanswered = progress->written_unanswered || done->written;
    } else {
        observe_response(&exchange->observe, call->request, &done->response,
                         call->endpoint->hides_keys);
        success = is_expected(call, done->response.status);
        if (success)
            *error = (struct c2d_error) { .http_status = done->response.status };
        else
            hub_error_read(&done->response, &question,
                           exchange->clock.wall_s(exchange->clock.context), error);
        progress->answer = *error;
    }
    /* A server may have put the token that it got into its message. */
    mask_signature(error->text, strlen(error->text), call->request->authorization);
    error->attempts = progress->attempts;
    error->earlier_try_unanswered = progress->written_unanswered;
    return success;
}

/* After a 401: a fresh token, signed with the hub's time if its clock and ours differ. */
static void renew_token(struct exchange *exchange, struct exchange_progress *progress,
                        const struct http_response *response)
{
    const struct http_headers *headers = &response->headers;
    int64_t off_s;

    progress->token_renewed = true;
    signer_renew(&exchange->signer);
    progress->clock_followed = signer_follow_date(
        &exchange->signer, http_headers_get(headers, "Date"), http_headers_get(headers, "Age"),
        exchange->clock.wall_s(exchange->clock.context));
    off_s = exchange->signer.clock_offset_s;
    if (progress->clock_followed)
        observe_warning(&exchange->observe,
                        "this machine's clock is %lld min %s by the hub's Date header: trying "
                        "again with the hub's time; set the clock",
                        (long long)(llabs(off_s) / 60), off_s > 0 ? "behind" : "ahead");
}

/* Says what the comparison of clocks has shown, once it has not helped. */
static void blame_clock(struct exchange *exchange, const struct exchange_progress *progress,
                        struct c2d_error *error)
{
    int64_t off_s = exchange->signer.clock_offset_s;
    char refusal[sizeof error->text];

    if (error->http_status != 401 || !progress->clock_followed)
        return;
    memcpy(refusal, error->text, sizeof refusal);
    fail(error, error->status,
         "%.300s; by its Date header this machine's clock is %lld min %s, but a token signed with "
         "the hub's time was refused too",
         refusal, (long long)(llabs(off_s) / 60), off_s > 0 ? "behind" : "ahead");
    exchange->signer.clock_offset_s = 0; /* that date has proved nothing */
    signer_renew(&exchange->signer);
}

/* The last word on an operation that failed. */
static enum c2d_status conclude(struct exchange *exchange, const struct exchange_progress *progress,
                                bool out_of_time, struct c2d_error *error)
{
    char last[sizeof error->text];

    memcpy(last, error->text, sizeof last);
    /* An answer of the hub says more than the time that ran out behind it (N4). */
    if ((out_of_time || error->status == C2D_TIMEOUT) && progress->answer.http_status != 0)
        *error = progress->answer;
    else if (out_of_time)
        fail(error, C2D_TIMEOUT, "no time for another try: %.400s", last);
    blame_clock(exchange, progress, error);
    error->attempts = progress->attempts;
    error->earlier_try_unanswered = progress->written_unanswered;
    if (progress->attempts > 1) {
        memcpy(last, error->text, sizeof last);
        fail(error, error->status, "%.480s (%u tries)", last, progress->attempts);
    }
    return error->status;
}

/* False when a signal ends the operation instead. */
static bool sleep_between(struct exchange *exchange, struct exchange_call *call, int64_t delay_ms)
{
    struct http_transport *transport = &exchange->transport;
    int64_t end_ms = now_ms(exchange) + delay_ms;
    struct http_done none;

    for (;;) {
        int64_t left_ms = end_ms - now_ms(exchange);

        if (left_ms <= 0)
            return true;
        /* Nothing is under way: the transport only watches the time and cancel_fd. */
        transport->wait(transport->self, left_ms,
                        call->progress.cancelled ? -1 : exchange->cancel_fd, &none);
        /* A settlement whose next try would begin behind the grace period ends here too. */
        if (!call->progress.cancelled && is_cancelled(exchange)
            && (!survives_cancel(exchange, call, false) || end_ms >= call->progress.deadline_ms))
            return false;
    }
}

/* Waits as the policy says; false when the operation ends with what error holds. */
static bool prepare_retry(struct exchange *exchange, struct exchange_call *call,
                          const struct http_response *response, struct c2d_error *error,
                          bool *out_of_time)
{
    struct exchange_progress *progress = &call->progress;
    int64_t delay_ms = 0;
    struct retry_case now = {
        .attempt = progress->attempts,
        .max_retries = call->probe != NULL ? 1 : exchange->retries,
        .error = error,
        .timed_out = error->status == C2D_TIMEOUT,
        .can_renew_token = !progress->token_renewed && signer_can_renew(&exchange->signer),
        .remaining_ms = progress->deadline_ms - now_ms(exchange),
        .previous_delay_ms = progress->previous_delay_ms,
        .random = exchange->clock.random(exchange->clock.context),
    };
    enum retry_verdict verdict = RETRY_NEVER;

    /* After a signal only settlements are sent again: a message left unsettled comes twice. */
    if ((!progress->cancelled || call->endpoint->manner == ENDPOINT_SETTLES)
        && (call->probe == NULL || error->http_status == 401))
        verdict = retry_decide(&now, exchange->budget, &delay_ms);
    *out_of_time = verdict == RETRY_NO_TIME;
    if (verdict == RETRY_RENEWED)
        renew_token(exchange, progress, response);
    progress->previous_delay_ms = delay_ms;
    if (verdict == RETRY_AFTER_DELAY && !sleep_between(exchange, call, delay_ms)) {
        if (call->endpoint->manner == ENDPOINT_READS)
            fail_cancelled(error);
        return false;
    }
    return verdict == RETRY_RENEWED || verdict == RETRY_AFTER_DELAY;
}

enum c2d_status exchange_perform(struct exchange *exchange, struct exchange_call *call,
                                 struct c2d_error *error)
{
    struct exchange_progress *progress = &call->progress;
    bool out_of_time = false, again;

    error_reset(error);
    /* Else an earlier form of the same call has set it, and both share the time. */
    if (progress->deadline_ms == 0)
        progress->deadline_ms = now_ms(exchange) + exchange->timeout_ms;
    if (is_cancelled(exchange) && !survives_cancel(exchange, call, false))
        return fail_cancelled(error);
    do {
        struct http_done done = { 0 };
        int64_t started_ms = now_ms(exchange);
        enum c2d_status status = start(exchange, call, error);
        bool success;

        if (status != C2D_OK)
            return status;
        if (!await(exchange, call, &done)) {
            error->attempts = progress->attempts;
            /* The try that was given up may have done its work. */
            error->earlier_try_unanswered = true;
            return fail_cancelled(error);
        }
        success = read_done(exchange, call, &done, error);
        observe_attempt(&exchange->observe, call->request, error, now_ms(exchange) - started_ms);
        if (success) {
            retry_success(exchange->budget);
            *call->response = done.response;
            return C2D_OK;
        }
        again = prepare_retry(exchange, call, &done.response, error, &out_of_time);
        http_response_clear(&done.response);
    } while (again);
    return error->status == C2D_CANCELLED ? C2D_CANCELLED
                                          : conclude(exchange, progress, out_of_time, error);
}
