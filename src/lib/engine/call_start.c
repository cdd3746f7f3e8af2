/* Starts an attempt. Each one makes its request: a call that waits holds none, to save memory. */
#include "call.h"

#include "base/error.h"
#include "hub/message.h"

static struct endpoint_target target_of(const struct call *call, const char *api_version)
{
    return (struct endpoint_target) {
        .credentials = call->signer->credentials,
        .api_version = api_version,
        .device_id = call->device_id,
        .lock_token = call->lock_token,
    };
}

enum c2d_status call_check(const struct call *call, struct c2d_error *error)
{
    struct endpoint_target target = target_of(call, NULL);
    enum c2d_status status = endpoint_check(call->endpoint, &target, error);

    return status == C2D_OK && call->message != NULL ? message_check(call->message, error) : status;
}

/* Makes the request, without token and expiry. */
static enum c2d_status build(struct call *call, const struct call_terms *terms,
                             struct c2d_error *error)
{
    struct http_request *request = &call->request;
    struct endpoint_target target = target_of(call, terms->api_version);
    enum c2d_status status = endpoint_request(call->endpoint, &target, request, error);

    request->fresh = call->progress.fresh;
    if (status != C2D_OK || call->message == NULL)
        return status;
    request->body = call->message->body;
    request->body_size = call->message->body_size;
    status = message_add_headers(call->message, call->message_id, &request->headers, error);
    if (status == C2D_OK && call->endpoint == &endpoints[ENDPOINT_SEND_OLDER])
        status = endpoint_name_device(call->device_id, request, error);
    return status;
}

/* Adds the current token, as a copy in the request. */
static enum c2d_status authorize(struct call *call, int64_t hub_now_s, struct c2d_error *error)
{
    struct http_request *request = &call->request;
    const char *token;
    enum c2d_status status = signer_token(call->signer, hub_now_s, &token, error);

    if (status != C2D_OK || token == NULL)
        return status;
    if (!buf_text(&request->token, token))
        return fail_memory(error);
    request->authorization = request->token.data;
    return C2D_OK;
}

struct expiry_moment call_moment(const struct call *call, const struct call_terms *terms,
                                 int64_t now_ms, int64_t delay_ms)
{
    int64_t hub_now_ms = hub_clock_now_ms(call->signer->hub_clock, &terms->clock);

    return (struct expiry_moment) { now_ms + delay_ms, hub_now_ms + delay_ms,
                                    call->progress.in_doubt };
}

/* Checks the expiry before an attempt, and writes it if the message has a ttl. */
static enum c2d_status check_expiry(struct call *call, const struct call_terms *terms,
                                    int64_t now_ms, struct c2d_error *error)
{
    struct expiry_moment moment = call_moment(call, terms, now_ms, 0);

    if (expiry_is_over(&call->expiry, &moment))
        return expiry_fail(&call->expiry, "before the attempt", error);
    if (expiry_is_too_far(&call->expiry, &moment))
        return fail(error, C2D_DATA, "the expiry must be in the future, by 2 days at most");
    expiry_write(&call->expiry, &moment, &call->request.headers);
    return C2D_OK;
}

static enum c2d_status dry_run(const struct call *call, const struct call_terms *terms,
                               struct c2d_error *error)
{
    if (!observe_dry_run(&terms->observe, &call->request))
        return fail_memory(error);
    return fail(error, C2D_DRY_RUN, "dry run: nothing was sent");
}

static enum c2d_status begin(struct call *call, const struct call_terms *terms,
                             struct http_transport *transport, int64_t now_ms,
                             struct c2d_error *error)
{
    struct http_request *request = &call->request;
    int64_t hub_now_s = hub_clock_now_s(call->signer->hub_clock, &terms->clock);
    int64_t left_ms = call->progress.deadline_ms - now_ms;
    enum c2d_status status = C2D_OK;

    /* Not for a probe, which must find out how far a request gets. */
    if (call->probe == NULL)
        status = signer_check_ready(call->signer, hub_now_s, false, error);
    if (status == C2D_OK)
        status = build(call, terms, error);
    if (status == C2D_OK)
        status = authorize(call, hub_now_s, error);
    if (status == C2D_OK)
        status = check_expiry(call, terms, now_ms, error);
    if (status != C2D_OK)
        return status;
    /* After the token was added, so that the event shows the whole request. */
    if (terms->dry_run)
        return dry_run(call, terms, error);
    /* Never 0, which is no time-out for libcurl. */
    request->timeout_ms = left_ms > 1 ? (int)left_ms : 1;
    request->connect_timeout_ms = terms->connect_timeout_ms;
    observe_request(&terms->observe, request);
    call->progress.attempts++;
    /* A lock counts from here: the hub cannot have locked the message earlier. */
    call->progress.started_at_s = terms->clock.wall_ms(terms->clock.context) / 1000;
    call->progress.started_ms = now_ms;
    return transport->start(transport->self, request, call, error);
}

bool call_start(struct call *call, const struct call_terms *terms, struct http_transport *transport,
                int64_t now_ms)
{
    unsigned attempts = call->progress.attempts;
    struct c2d_error error;

    outcome_get(&call->outcome, &error);
    if (begin(call, terms, transport, now_ms, &error) == C2D_OK)
        return true;
    /* use_older_form() resets the outcome, but not the progress. */
    error.attempts = attempts;
    error.earlier_try_unanswered = call->progress.in_doubt;
    http_request_clear(&call->request);
    outcome_set(&call->outcome, &error);
    return false;
}

void call_clear(struct call *call)
{
    http_request_clear(&call->request);
    http_response_clear(&call->response);
    outcome_clear(&call->outcome);
    outcome_clear(&call->last_response);
    outcome_clear(&call->refused);
}
