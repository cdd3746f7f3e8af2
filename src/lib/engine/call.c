/* Evaluates a finished attempt: success, failure or doubt, a retry, a new token. operations.c reads
 * the body of a response. */
#include "call.h"

#include "base/timestamp.h"

#include "base/error.h"
#include "base/text.h"
#include "hub/message.h"
#include "mask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum hub_auth auth_of(const struct call *call, const struct http_done *done)
{
    if (call->signer->credentials->token != NULL)
        return HUB_AUTH_TOKEN;
    if (!endpoint_is_for_device(call->endpoint))
        return HUB_AUTH_POLICY;
    if (!call->signer->credentials->x509)
        return HUB_AUTH_DEVICE_KEY;
    return done->certificate_requested ? HUB_AUTH_CERTIFICATE : HUB_AUTH_NOT_REQUESTED;
}

static bool is_expected(const struct call *call, int http_status)
{
    return http_status != 0
           && (http_status == call->endpoint->expected[0]
               || http_status == call->endpoint->expected[1]);
}

/* True if the response does not show whether the request took effect: 408, 500, 502 and 504 without
 * a hub code, from a gateway or from a hub that failed midway, and a 2xx that a proxy rewrote. */
bool call_leaves_doubt(const struct c2d_error *error)
{
    int status = error->http_status;

    return error->hub_code == 0 && error->hub_code_name[0] == '\0'
           && (status == 408 || status == 500 || status == 502 || status == 504
               || error->status == C2D_UNKNOWN_OUTCOME);
}

bool call_lacks_path(const struct c2d_error *error)
{
    return (error->http_status == 404 || error->http_status == 405 || error->http_status == 501)
           && error->hub_code == 0 && error->hub_code_name[0] == '\0';
}

/* True if a proxy may have rewritten a 204: another success, without content or headers of a hub.
 */
static bool is_rewritten_204(const struct call *call, const struct http_response *response)
{
    const struct http_headers *headers = &response->headers;

    /* Not for a probe, which expects 412: it must find out whether the hub itself responded. */
    if (!is_expected(call, 204) || is_expected(call, 412) || response->body.size > 0
        || response->status < 200 || response->status > 202
        || http_headers_get(headers, "ETag") != NULL)
        return false;
    for (size_t i = 0; i < headers->count; i++)
        if (text_begins_nocase(http_header_name(headers, i), "iothub-"))
            return false;
    return true;
}

/* Treats the response as the 204 that it probably was. But a send may not have been queued: it is
 * in doubt. Returns true on success. */
static bool read_rewritten_204(struct call *call, struct http_response *response,
                               struct c2d_error *error)
{
    *error = (struct c2d_error) { .http_status = response->status };
    if (call->endpoint->kind == ENDPOINT_SENDS) {
        error->step = C2D_STEP_ANSWER;
        fail(error, C2D_UNKNOWN_OUTCOME,
             "a response without content (HTTP %d) instead of the hub's 204", response->status);
        return false;
    }
    call->progress.rewritten = true;
    response->status = 204;
    return true;
}

/* Records the peer of an attempt and its time; now_s is our clock. */
static void note_probe(struct c2d_probe *probe, const struct http_done *done, int64_t now_s)
{
    /* A second attempt on the same connection has no handshake. */
    if (probe->connection.tls_version[0] == '\0' || done->connection.tls_version[0] != '\0')
        probe->connection = done->connection;
    if (hub_clock_read(&done->response, now_s, &probe->hub_time_s))
        probe->own_time_s = now_s;
}

static bool read_response(struct call *call, const struct call_terms *terms, struct http_done *done,
                          struct c2d_error *error)
{
    const struct hub_request request = {
        .what = call->endpoint->what,
        .device_id = call->device_id,
        .right = call->endpoint->right,
        .auth = auth_of(call, done),
    };
    int64_t hub_now_s = hub_clock_now_s(call->signer->hub_clock, &terms->clock);
    bool success = is_expected(call, done->response.status);

    observe_response(&terms->observe, &call->request, &done->response,
                     call->endpoint->returns_keys);
    if (is_rewritten_204(call, &done->response))
        success = read_rewritten_204(call, &done->response, error);
    else if (success)
        *error = (struct c2d_error) { .http_status = done->response.status };
    else
        hub_error_read(&done->response, &request, hub_now_s, error);
    if (error->http_status == 401)
        signer_check_ready(call->signer, hub_now_s, true, error);
    /* Of a receive as well: the hub may have locked a message. */
    if (call_leaves_doubt(error))
        call->progress.in_doubt = true;
    return success;
}

/* Turns the response, or the lack of one, into error. Returns true on success. */
static bool read_done(struct call *call, const struct call_terms *terms, struct http_done *done,
                      struct c2d_error *error)
{
    struct call_progress *progress = &call->progress;
    bool success = false;

    progress->fresh = done->stale;
    if (call->probe != NULL)
        note_probe(call->probe, done, terms->clock.wall_ms(terms->clock.context) / 1000);
    if (done->error.status == C2D_OK) {
        success = read_response(call, terms, done, error);
    } else {
        *error = done->error;
        progress->in_doubt = progress->in_doubt || done->written;
        if (error->status == C2D_PROTOCOL && call->endpoint == &endpoints[ENDPOINT_RECEIVE])
            message_note_unreadable(&done->response, error);
    }
    /* A server may quote the token in its message. */
    mask_error(error, call->request.authorization);
    error->attempts = progress->attempts;
    error->earlier_try_unanswered = progress->in_doubt;
    return success;
}

/* Returns "3 h behind" or "3 h ahead of". */
static const char *describe_off(int64_t off_s, char out[static 48])
{
    char span[32];

    timestamp_format_span(off_s, span);
    snprintf(out, 48, "%s %s", span, off_s > 0 ? "behind" : "ahead of");
    return out;
}

/* Warns once if the Date of a response shows that a message with a ttl expires too early or too
 * late. The Date may be later than the request by the time that it took. */
static void check_ttl(const struct call *call, const struct call_terms *terms,
                      const struct http_response *response, int64_t now_ms)
{
    struct hub_clock *hub = call->signer->hub_clock;
    int64_t took_s = (now_ms - call->progress.started_ms) / 1000;
    int64_t assumed_s = hub_clock_now_s(hub, &terms->clock) - took_s;
    int64_t hub_s, off_s;
    char off[48], span[32];

    if (call->expiry.ttl_s == 0 || hub->has_warned || !hub_clock_read(response, assumed_s, &hub_s))
        return;
    off_s = hub_s - assumed_s;
    if (llabs(off_s) * 10 <= call->expiry.ttl_s || llabs(off_s) <= took_s + 2)
        return;
    hub->has_warned = true;
    timestamp_format_span(off_s, span);
    observe_warning(&terms->observe,
                    "this machine's clock is %s the hub's: a message with a ttl of %lld s expires "
                    "%s too %s; set the clock",
                    describe_off(off_s, off), (long long)call->expiry.ttl_s, span,
                    off_s > 0 ? "early" : "late");
}

/* After a 401: discards the token, so that the next attempt signs a new one, with the hub's time if
 * its clock and ours differ. */
static void renew_token(struct call *call, const struct call_terms *terms,
                        const struct http_response *response)
{
    struct call_progress *progress = &call->progress;
    struct hub_clock *hub = call->signer->hub_clock;
    char off[48];

    progress->token_renewed = true;
    signer_discard_token(call->signer);
    progress->clock_verdict =
        hub_clock_follow(hub, response, &terms->clock, &progress->clock_off_s);
    if (progress->clock_verdict != HUB_CLOCK_FOLLOWED || hub->has_warned)
        return;
    hub->has_warned = true;
    observe_warning(&terms->observe,
                    "this machine's clock is %s the hub's: retrying with the hub's time; "
                    "set the clock",
                    describe_off(progress->clock_off_s, off));
}

/* Adds the result of the comparison of clocks to a 401 after the retry. */
static void add_clock(struct call *call, struct c2d_error *error)
{
    enum hub_clock_verdict verdict = call->progress.clock_verdict;
    char refusal[sizeof error->text], off[48];

    if (error->http_status != 401 || verdict == HUB_CLOCK_OURS)
        return;
    memcpy(refusal, error->text, sizeof refusal);
    fail(error, error->status, "%.300s; this machine's clock is %s the hub's, %s", refusal,
         describe_off(call->progress.clock_off_s, off),
         verdict == HUB_CLOCK_TOO_FAR ? "too far for the hub's time to be used: set the clock"
                                      : "but a token signed with the hub's time was refused too");
    hub_clock_reject(call->signer->hub_clock);
    signer_discard_token(call->signer);
}

static void conclude(struct call *call, struct c2d_error *error, bool out_of_time)
{
    const struct call_progress *progress = &call->progress;
    char last[sizeof error->text];

    memcpy(last, error->text, sizeof last);
    /* A response of the hub is more precise than the time-out after it. */
    if (error->http_status == 0 && call->last_response.http_status != 0
        && (out_of_time || error->status == C2D_TIMEOUT))
        outcome_get(&call->last_response, error);
    else if (error->http_status == 0 && out_of_time)
        fail(error, C2D_TIMEOUT, "no time for another attempt: %.400s", last);
    add_clock(call, error);
    error->attempts = progress->attempts;
    error->earlier_try_unanswered = progress->in_doubt;
    if (progress->attempts > 1) {
        memcpy(last, error->text, sizeof last);
        fail(error, error->status, "%.480s (%u attempts)", last, progress->attempts);
    }
}

void call_conclude(struct call *call, bool is_late)
{
    struct c2d_error error;

    outcome_get(&call->outcome, &error);
    conclude(call, &error, is_late);
    outcome_set(&call->outcome, &error);
}

/* Applies the retry policy to a failed attempt; *delay_ms is the time until the next one. */
static enum retry_verdict decide(struct call *call, const struct call_terms *terms,
                                 const struct c2d_error *error, bool may_pause, int64_t now_ms,
                                 int64_t *delay_ms)
{
    struct call_progress *progress = &call->progress;
    struct retry_case now = {
        .attempt = progress->attempts - progress->uncounted,
        .max_retries = call->probe != NULL ? 1 : terms->retries,
        .error = error,
        .timed_out = error->status == C2D_TIMEOUT,
        .at_once = progress->fresh,
        .can_renew_token = !progress->token_renewed && signer_can_renew(call->signer),
        .remaining_ms = progress->deadline_ms == 0 ? INT64_MAX : progress->deadline_ms - now_ms,
        .previous_delay_ms = progress->previous_delay_ms,
        .random = terms->clock.random(terms->clock.context),
    };

    /* After a cancellation only settlements are retried: an unsettled message comes again. */
    if ((progress->cancelled && call->endpoint->kind != ENDPOINT_SETTLES)
        || (call->probe != NULL && error->http_status != 401))
        return RETRY_NEVER;
    /* The pause limits the load of retries already. */
    return retry_decide(&now, may_pause ? NULL : terms->budget, delay_ms);
}

/* Records a failure of the hub for which calls pause. is_lost: the attempt was written and got no
 * response. */
static void note_hub_failure(struct call *call, const struct call_terms *terms,
                             const struct c2d_error *error, bool is_lost, int64_t now_ms)
{
    struct call_progress *progress = &call->progress;
    /* Without retries a send is not repeated if it may have taken effect. */
    bool is_last =
        terms->retries == 0 && call->endpoint->kind != ENDPOINT_READS && call_leaves_doubt(error);

    if (progress->hub_failures++ == 0)
        progress->hub_failed_ms = now_ms;
    if (!is_lost && !is_last)
        progress->uncounted++;
    progress->deadline_ms = 0; /* the next attempt restarts the time-out */
}

/* Decides what follows a failed attempt; may change error. */
static enum call_next follow_up(struct call *call, const struct call_terms *terms,
                                struct http_done *done, int64_t now_ms, bool may_pause,
                                struct c2d_error *error)
{
    int64_t delay_ms = 0;
    enum retry_verdict verdict = decide(call, terms, error, may_pause, now_ms, &delay_ms);
    struct expiry_moment next;

    call->progress.previous_delay_ms = delay_ms;
    if (verdict == RETRY_RENEWED) {
        renew_token(call, terms, &done->response);
        return CALL_AGAIN;
    }
    if (verdict != RETRY_AFTER_DELAY) {
        conclude(call, error, verdict == RETRY_NO_TIME);
        return CALL_DONE;
    }
    next = call_moment(call, terms, now_ms, delay_ms);
    if (expiry_is_over(&call->expiry, &next)) {
        expiry_fail(&call->expiry, "before another attempt", error);
        return CALL_DONE;
    }
    call->wake_ms = now_ms + delay_ms;
    return CALL_AGAIN_LATER;
}

/* Repeats a send at once in its older form, if the peer does not know the path of the first one.
 * The call keeps its place, so that no later send to the device overtakes it. */
static bool use_older_form(struct call *call, struct c2d_error *error)
{
    if (call->endpoint != &endpoints[ENDPOINT_SEND] || call->progress.cancelled
        || !call_lacks_path(error))
        return false;
    call->endpoint = &endpoints[ENDPOINT_SEND_OLDER];
    outcome_set(&call->refused, error);
    *error = (struct c2d_error) { 0 };
    return true;
}

/* Keeps the outcome of the last response, which may be more precise than that of later attempts. */
static void keep_last_response(struct call *call, bool has_response)
{
    if (has_response) {
        outcome_clear(&call->last_response);
    } else if (call->outcome.http_status != 0) {
        outcome_clear(&call->last_response);
        call->last_response = call->outcome;
        call->outcome = (struct outcome) { 0 };
    }
}

enum call_next call_finish_attempt(struct call *call, const struct call_terms *terms,
                                   struct http_done *done, int64_t now_ms, bool may_pause)
{
    bool has_response = done->error.status == C2D_OK, is_lost = !has_response && done->written;
    struct c2d_error error;
    bool success = read_done(call, terms, done, &error);
    enum call_next next = CALL_DONE;

    observe_attempt(&terms->observe, &call->request, &error, now_ms - call->progress.started_ms);
    http_request_clear(&call->request);
    keep_last_response(call, has_response);
    call->hub_failed = !success && error.retryable && !done->stale;
    if (success) {
        retry_success(terms->budget);
        hub_clock_confirm(call->signer->hub_clock);
        check_ttl(call, terms, &done->response, now_ms);
        call->response = done->response;
        done->response = (struct http_response) { 0 };
    } else {
        if (expiry_explains(&call->expiry, &error, now_ms))
            expiry_fail(&call->expiry, "when the hub received it", &error);
        if (call->hub_failed && may_pause)
            note_hub_failure(call, terms, &error, is_lost, now_ms);
        next = use_older_form(call, &error)
                   ? CALL_AGAIN
                   : follow_up(call, terms, done, now_ms, may_pause, &error);
    }
    http_response_clear(&done->response);
    outcome_set(&call->outcome, &error);
    return next;
}
