/* Signs, reads and judges; sleeps and waits for nothing. What an answer's body means is for the
 * callers. */
#include "call.h"

#include "mask.h"
#include "probe.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The token of now, in the request's own storage. */
static enum c2d_status authorize(struct call *call, int64_t now_s)
{
    struct http_request *request = call->request;
    const char *token;
    enum c2d_status status = signer_token(call->signer, now_s, &token, &call->error);

    if (status != C2D_OK || token == NULL)
        return status;
    buf_clear(&request->token);
    request->authorization = NULL;
    if (!buf_text(&request->token, token))
        return fail_memory(&call->error);
    request->authorization = request->token.data;
    return C2D_OK;
}

enum c2d_status call_start(struct call *call, const struct call_terms *terms,
                           struct http_transport *transport, int64_t now_ms)
{
    struct http_request *request = call->request;
    struct c2d_error *error = &call->error;
    int64_t now_s = terms->clock.wall_s(terms->clock.context);
    int64_t left_ms = call->progress.deadline_ms - now_ms;
    enum c2d_status status = authorize(call, now_s);

    if (status != C2D_OK)
        return status;
    /* Behind the signing, so that what is shown is the whole request. */
    if (terms->dry_run) {
        if (!observe_dry_run(&terms->observe, request))
            return fail_memory(error);
        return fail(error, C2D_DRY_RUN, "dry run: nothing was sent");
    }
    /* Never 0, which libcurl takes for no time-out at all. */
    request->timeout_ms = left_ms > 1 ? (int)left_ms : 1;
    request->connect_timeout_ms = terms->connect_timeout_ms;
    observe_request(&terms->observe, request);
    call->progress.attempts++;
    /* From here a lock's minute is counted: the hub cannot have begun it earlier. */
    call->progress.started_at_s = now_s;
    call->progress.started_ms = now_ms;
    return transport->start(transport->self, request, call, error);
}

static enum hub_proof proof_of(const struct call *call, const struct http_done *done)
{
    if (!endpoint_is_for_device(call->endpoint))
        return PROOF_POLICY;
    if (!call->signer->credentials->x509)
        return PROOF_DEVICE_KEY;
    return done->asked_for_certificate ? PROOF_CERTIFICATE : PROOF_UNSEEN;
}

static bool is_expected(const struct call *call, int http_status)
{
    return http_status != 0
           && (http_status == call->endpoint->expected[0]
               || http_status == call->endpoint->expected[1]);
}

/* Turns what came back into call->error; true on success. */
static bool read_done(struct call *call, const struct call_terms *terms,
                      const struct http_done *done)
{
    struct call_progress *progress = &call->progress;
    struct c2d_error *error = &call->error;
    const struct hub_question question = {
        .what = call->endpoint->what,
        .device_id = call->device_id,
        .right = call->endpoint->right,
        .proof = proof_of(call, done),
    };
    bool success = false;

    probe_note(call->probe, done, terms->clock.wall_s(terms->clock.context));
    if (done->error.status != C2D_OK) {
        *error = done->error;
        /* Sticky: no later answer takes back the doubt that this try leaves. */
        progress->written_unanswered = progress->written_unanswered || done->written;
    } else {
        observe_response(&terms->observe, call->request, &done->response,
                         call->endpoint->hides_keys);
        success = is_expected(call, done->response.status);
        if (success)
            *error = (struct c2d_error) { .http_status = done->response.status };
        else
            hub_error_read(&done->response, &question, terms->clock.wall_s(terms->clock.context),
                           error);
        progress->answer = *error;
    }
    /* A server may have put the token that it got into its message. */
    mask_error(error, call->request->authorization);
    error->attempts = progress->attempts;
    error->earlier_try_unanswered = progress->written_unanswered;
    return success;
}

/* To the nearest: an answer that took its time would make 119 of 120. */
static long long minutes(int64_t off_s)
{
    return (llabs(off_s) + 30) / 60;
}

/* After a 401: a fresh token, signed with the hub's time if its clock and ours differ. */
static void renew_token(struct call *call, const struct call_terms *terms,
                        const struct http_response *response)
{
    struct call_progress *progress = &call->progress;
    const struct http_headers *headers = &response->headers;
    int64_t off_s;

    progress->token_renewed = true;
    signer_renew(call->signer);
    progress->clock_followed = signer_follow_date(call->signer, http_headers_get(headers, "Date"),
                                                  http_headers_get(headers, "Age"),
                                                  terms->clock.wall_s(terms->clock.context));
    off_s = call->signer->clock_offset_s;
    if (progress->clock_followed)
        observe_warning(&terms->observe,
                        "this machine's clock is %lld min %s by the hub's Date header: trying "
                        "again with the hub's time; set the clock",
                        minutes(off_s), off_s > 0 ? "behind" : "ahead");
}

/* Says what the comparison of clocks has shown, once it has not helped. */
static void blame_clock(struct call *call)
{
    struct c2d_error *error = &call->error;
    int64_t off_s = call->signer->clock_offset_s;
    char refusal[sizeof error->text];

    if (error->http_status != 401 || !call->progress.clock_followed)
        return;
    memcpy(refusal, error->text, sizeof refusal);
    fail(error, error->status,
         "%.300s; by its Date header this machine's clock is %lld min %s, but a token signed with "
         "the hub's time was refused too",
         refusal, minutes(off_s), off_s > 0 ? "behind" : "ahead");
    call->signer->clock_offset_s = 0; /* that date has proved nothing */
    signer_renew(call->signer);
}

void call_conclude(struct call *call, bool out_of_time)
{
    const struct call_progress *progress = &call->progress;
    struct c2d_error *error = &call->error;
    char last[sizeof error->text];

    memcpy(last, error->text, sizeof last);
    /* An answer of the hub says more than the time that ran out behind it (N4). */
    if ((out_of_time || error->status == C2D_TIMEOUT) && progress->answer.http_status != 0)
        *error = progress->answer;
    else if (out_of_time)
        fail(error, C2D_TIMEOUT, "no time for another try: %.400s", last);
    blame_clock(call);
    error->attempts = progress->attempts;
    error->earlier_try_unanswered = progress->written_unanswered;
    if (progress->attempts > 1) {
        memcpy(last, error->text, sizeof last);
        fail(error, error->status, "%.480s (%u tries)", last, progress->attempts);
    }
}

/* What the policy says of a try that failed; *delay_ms until the next one. */
static enum retry_verdict judge(struct call *call, const struct call_terms *terms, int64_t now_ms,
                                bool patient, int64_t *delay_ms)
{
    struct call_progress *progress = &call->progress;
    bool waits = patient && call->error.http_status == 429;
    struct retry_case now = {
        .attempt = progress->attempts - progress->throttled,
        .max_retries = call->probe != NULL ? 1 : terms->retries,
        .error = &call->error,
        .timed_out = call->error.status == C2D_TIMEOUT,
        .can_renew_token = !progress->token_renewed && signer_can_renew(call->signer),
        .remaining_ms = progress->deadline_ms - now_ms,
        .previous_delay_ms = progress->previous_delay_ms,
        .random = terms->clock.random(terms->clock.context),
    };

    /* After a signal only settlements are sent again: a message left unsettled comes twice. */
    if ((progress->cancelled && call->endpoint->manner != ENDPOINT_SETTLES)
        || (call->probe != NULL && call->error.http_status != 401))
        return RETRY_NEVER;
    if (!waits)
        return retry_decide(&now, terms->budget, delay_ms);
    progress->throttled++;
    now.attempt = 0;
    now.remaining_ms = INT64_MAX;
    retry_decide(&now, NULL, delay_ms);
    progress->deadline_ms += now_ms - progress->started_ms + *delay_ms;
    return RETRY_AFTER_DELAY;
}

enum call_next call_finish_try(struct call *call, const struct call_terms *terms,
                               struct http_done *done, int64_t now_ms, bool patient)
{
    bool success = read_done(call, terms, done);
    enum retry_verdict verdict = RETRY_NEVER;
    int64_t delay_ms = 0;

    observe_attempt(&terms->observe, call->request, &call->error,
                    now_ms - call->progress.started_ms);
    if (success) {
        retry_success(terms->budget);
        *call->response = done->response;
        return CALL_DONE;
    }
    verdict = judge(call, terms, now_ms, patient, &delay_ms);
    call->progress.previous_delay_ms = delay_ms;
    if (verdict == RETRY_RENEWED)
        renew_token(call, terms, &done->response);
    http_response_clear(&done->response);
    if (verdict == RETRY_RENEWED)
        return CALL_AGAIN;
    if (verdict == RETRY_AFTER_DELAY) {
        call->wake_ms = now_ms + delay_ms;
        return CALL_AGAIN_LATER;
    }
    call_conclude(call, verdict == RETRY_NO_TIME);
    return CALL_DONE;
}
