#include "script.h"

#include "alloc.h"
#include "base/error.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- Clock ---- */

static int64_t wall_ms(void *context)
{
    const struct script *script = context;
    int64_t start_s = script->start_s == 0 ? SCRIPT_START_S : script->start_s;

    return (start_s + script->wall_shift_s) * 1000 + script->now_ms;
}

static int64_t monotonic_ms(void *context)
{
    return ((const struct script *)context)->now_ms;
}

static uint64_t fixed_random(void *context)
{
    return ((const struct script *)context)->random;
}

struct clock script_clock(struct script *script)
{
    return (struct clock) { wall_ms, monotonic_ms, fixed_random, script };
}

/* ---- Cancelling ---- */

int script_cancel_fd(struct script *script)
{
    cr_assert_eq(pipe(script->cancel_pipe), 0);
    return script->cancel_pipe[0];
}

void script_cancel(struct script *script)
{
    cr_assert_eq(write(script->cancel_pipe[1], "x", 1), 1);
}

/* ---- Transport ---- */

static void record(struct script *script, const struct http_request *request)
{
    struct script_request *seen = &script->requests[script->request_count];
    size_t used = 0;

    snprintf(seen->method, sizeof seen->method, "%s", request->method);
    snprintf(seen->url, sizeof seen->url, "%s", request->url.data);
    seen->has_authorization = request->authorization != NULL;
    snprintf(seen->authorization, sizeof seen->authorization, "%s",
             seen->has_authorization ? request->authorization : "");
    for (size_t i = 0; i < request->headers.count && used < sizeof seen->headers; i++)
        used += (size_t)snprintf(seen->headers + used, sizeof seen->headers - used, "%s: %s\n",
                                 http_header_name(&request->headers, i),
                                 http_header_value(&request->headers, i));
    seen->body_size = request->body_size;
    if (request->body_size > 0)
        memcpy(seen->body, request->body,
               request->body_size < sizeof seen->body ? request->body_size : sizeof seen->body);
    seen->timeout_ms = request->timeout_ms;
    seen->fresh = request->fresh;
    seen->at_ms = script->now_ms;
    seen->at_s = wall_ms(script) / 1000;
}

static enum c2d_status script_start(void *self, const struct http_request *request, void *tag,
                                    struct c2d_error *error)
{
    struct script *script = self;
    const struct script_reply *reply = &script->replies[script->request_count];
    struct script_flight *flight = &script->flights[script->flight_count];

    (void)error;
    cr_assert_lt(script->request_count, SCRIPT_REPLIES, "more requests than a script can hold");
    record(script, request);
    *flight = (struct script_flight) { .reply = script->request_count++, .tag = tag };
    flight->late = reply->silent || reply->delay_ms > request->timeout_ms;
    flight->due_ms = script->now_ms + (flight->late ? request->timeout_ms : reply->delay_ms);
    if (reply->deaf)
        flight->due_ms = INT64_MAX;
    script->flight_count++;
    if (script->flight_count > script->most_flights)
        script->most_flights = script->flight_count;
    return C2D_OK;
}

struct http_response response_for_test(int status, const char *const *headers, const char *body,
                                       size_t body_size)
{
    struct http_response response = { .status = status };

    for (size_t i = 0; headers != NULL && headers[i] != NULL; i++)
        cr_assert_eq(http_headers_add_line(&response.headers, headers[i], strlen(headers[i]),
                                           status < 300, NULL),
                     C2D_OK);
    if (body != NULL)
        buf_append(&response.body, body, body_size > 0 ? body_size : strlen(body));
    return response;
}

static void echo(const struct script_request *request, struct http_response *response)
{
    buf_text(&response->body, "you sent ");
    buf_text(&response->body, request->authorization);
    http_headers_add(&response->headers, "x-echo", request->authorization, NULL);
    http_headers_add(&response->headers, "iothub-errorcode", request->authorization, NULL);
}

static void land(struct script *script, struct script_flight *flight)
{
    *flight = script->flights[--script->flight_count];
}

static void deliver(struct script *script, struct script_flight *flight, struct http_done *done)
{
    const struct script_reply *reply = &script->replies[flight->reply];

    *done = (struct http_done) {
        .tag = flight->tag,
        .written = true,
        .connection = reply->connection,
    };
    alloc_pause();
    if (flight->late) {
        done->written = reply->written;
        done->error.retryable = true;
        fail(&done->error, C2D_TIMEOUT, "no answer in time");
    } else if (reply->status != 0) {
        done->response =
            response_for_test(reply->status, reply->headers, reply->body, reply->body_size);
        if (reply->echoes)
            echo(&script->requests[flight->reply], &done->response);
    } else {
        done->written = reply->written;
        done->stale = reply->stale;
        done->error.retryable = !reply->final;
        fail(&done->error, reply->failure == C2D_OK ? C2D_NETWORK : reply->failure, "%s",
             reply->failure_text != NULL ? reply->failure_text : "the connection was lost");
    }
    alloc_resume();
    land(script, flight);
}

static struct script_flight *next_flight(struct script *script)
{
    struct script_flight *next = &script->flights[0];

    for (size_t i = 1; i < script->flight_count; i++)
        if (script->flights[i].due_ms < next->due_ms
            || (script->flights[i].due_ms == next->due_ms
                && script->flights[i].reply < next->reply))
            next = &script->flights[i];
    return next;
}

static bool script_wait(void *self, int64_t timeout_ms, struct http_done *done)
{
    struct script *script = self;
    struct script_flight *flight = next_flight(script);
    struct script_reply *reply;

    cr_assert(timeout_ms >= 0 && timeout_ms < 1000000, "a wait of %lld ms", (long long)timeout_ms);
    if (script->stopped_ms > 0) {
        script->now_ms += script->stopped_ms;
        script->stopped_ms = 0;
        return false;
    }
    if (script->flight_count == 0) {
        script->now_ms += script->wakes_early ? timeout_ms / 2 : timeout_ms;
        script->wakes_early = false;
        return false;
    }
    reply = &script->replies[flight->reply];
    if (reply->cancels && script->watched_fd >= 0) {
        reply->cancels = false;
        script_cancel(script);
        return false;
    }
    if (flight->due_ms > script->now_ms + timeout_ms) {
        script->now_ms += timeout_ms;
        return false;
    }
    if (flight->due_ms > script->now_ms)
        script->now_ms = flight->due_ms;
    deliver(script, flight, done);
    return true;
}

static void script_watch(void *self, int fd)
{
    ((struct script *)self)->watched_fd = fd;
}

static int script_descriptor(void *self)
{
    (void)self;
    return -1;
}

static void script_wake_at(void *self, int64_t wake_ms)
{
    ((struct script *)self)->wake_ms = wake_ms;
}

static void script_give_up(void *self, void *tag)
{
    struct script *script = self;
    size_t i = 0;

    while (i < script->flight_count && script->flights[i].tag != tag)
        i++;
    cr_assert_lt(i, script->flight_count, "what is given up is not in flight");
    land(script, &script->flights[i]);
    script->cancelled++;
}

static void script_destroy(void *self)
{
    struct script *script = self;

    cr_assert_not(script->destroyed, "the transport is destroyed twice");
    script->destroyed = true;
    if (script->cancel_pipe[1] > 0) {
        close(script->cancel_pipe[0]);
        close(script->cancel_pipe[1]);
    }
}

struct http_transport script_transport(struct script *script)
{
    return (struct http_transport) {
        script_start,   script_wait,       script_watch,   script_give_up,
        script_destroy, script_descriptor, script_wake_at, script,
    };
}

struct c2d_client *client_for_test(struct script *script, const char *connection_string)
{
    struct http_transport transport = script_transport(script);
    struct clock clock = script_clock(script);
    struct c2d_client *client = NULL;
    struct c2d_error error;

    script->watched_fd = -1;
    cr_assert_eq(
        client_new_over(&client, connection_string, script->options, &transport, &clock, &error),
        C2D_OK, "%s", error.text);
    return client;
}
