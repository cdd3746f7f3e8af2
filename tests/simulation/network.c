#include "network.h"

#include "base/error.h"
#include "flight.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAITS_MAX = 1000000 /* of one step, without a request */ };

/* ---- Operations under way ---- */

static struct task **place_of(struct network *network, const struct task *task)
{
    return &network->pending[task->device];
}

void network_add_task(struct network *network, struct task *task)
{
    task->next_pending = *place_of(network, task);
    *place_of(network, task) = task;
}

void network_remove_task(struct network *network, struct task *task)
{
    struct task **place = place_of(network, task);

    while (*place != task)
        place = &(*place)->next_pending;
    *place = task->next_pending;
}

void network_abort(const struct network *network, const char *reason)
{
    printf("seed %" PRIu64 ": %s\n", network->world->seed, reason);
    abort();
}

/* ---- The transport ---- */

/* A device gets its messages in the order of their submission, as far as that is up to us. */
static void check_order(struct network *network, const struct task *task)
{
    unsigned *last = &network->last_sends[task->device];

    if (task->action != C2D_ACTION_SEND)
        return;
    if (task->number < *last)
        world_fail(network->world, "send %u: attempt %u starts after send %u to the same device",
                   task->number, task->attempts, *last);
    else
        *last = task->number;
}

/* Of a long body the start is enough: each body is compared with what was asked for. */
static void trace_request(struct world *world, const struct http_request *http)
{
    world_trace(world, &world->now_ms, sizeof world->now_ms);
    world_trace(world, http->url.data, http->url.size);
    world_trace(world, http->headers.text.data, http->headers.text.size);
    world_trace(world, http->authorization, strlen(http->authorization));
    world_trace(world, &http->body_size, sizeof http->body_size);
    world_trace(world, http->body, http->body_size < 64 ? http->body_size : 64);
}

static enum c2d_status start(void *self, const struct http_request *http, void *tag,
                             struct c2d_error *error)
{
    struct line *line = self;
    struct network *network = line->network;
    struct flight *flight = calloc(1, sizeof *flight);
    struct task *task;

    if (flight == NULL || !network_read_request(network, http, &flight->request)) {
        free(flight);
        return fail(error, C2D_OS, "a violation was found");
    }
    task = flight->request.task;
    network->waits = 0;
    world_log(network->world, "  %s %u: %s %s", task_name(task), task->number, http->method,
              http->url.data);
    trace_request(network->world, http);
    task_check_start(task, network->world, http);
    check_order(network, task);
    if (line->in_flight_count >= (size_t)task->options.parallel)
        world_fail(network->world, "%s %u: request %zu in flight, with a limit of %d",
                   task_name(task), task->number, line->in_flight_count + 1,
                   task->options.parallel);
    flight->tag = tag;
    flight_launch(line, flight, http);
    return C2D_OK;
}

/* Returns the oldest flight that has ended. */
static struct flight *find_ready(const struct line *line)
{
    struct flight *ready = NULL;

    for (struct flight *flight = line->in_flight; flight != NULL; flight = flight->next)
        if (flight->is_ready)
            ready = flight;
    return ready;
}

/* Returns false if the event interrupts a wait. */
static bool handle_event(struct network *network, const struct event *event)
{
    struct world *world = network->world;
    struct flight *flight = event->subject;

    switch (event->kind) {
    case EVENT_ARRIVAL:
        flight_arrive(network, flight, event->due_ms);
        return true;
    case EVENT_ANSWER:
        if (flight->line != NULL)
            flight->is_ready = true;
        else
            flight_release(flight);
        return true;
    case EVENT_CANCEL:
        world_log(world, "cancel");
        world_cancel(world);
        return false;
    case EVENT_SUSPEND:
        world_log(world, "suspended for %lld ms", (long long)event->span_ms);
        world->now_ms += event->span_ms;
        world->suspended_ms += event->span_ms;
        return false;
    case EVENT_STEP:
        world_log(world, "the wall clock is set by %lld ms", (long long)event->span_ms);
        world->wall_off_ms += event->span_ms;
        world->clock_is_honest = false;
        return true;
    }
    return true;
}

static bool wait(void *self, int64_t timeout_ms, struct http_done *done)
{
    struct line *line = self;
    struct world *world = line->network->world;
    int64_t end_ms = world->now_ms + timeout_ms;
    struct flight *ready = find_ready(line);
    struct event event;

    if (++line->network->waits > WAITS_MAX)
        network_abort(line->network, "the library waits without end");
    while (ready == NULL && world_take(world, end_ms, &event)) {
        if (event.due_ms > world->now_ms)
            world->now_ms = event.due_ms;
        if (!handle_event(line->network, &event))
            return false;
        ready = find_ready(line);
    }
    if (ready != NULL)
        flight_hand_over(ready, done);
    else if (end_ms > world->now_ms)
        world->now_ms = end_ms;
    return ready != NULL;
}

static void watch(void *self, int fd)
{
    (void)self;
    (void)fd; /* a cancellation interrupts every wait */
}

static void cancel(void *self, void *tag)
{
    struct line *line = self;
    struct flight *flight = line->in_flight;

    while (flight != NULL && flight->tag != tag)
        flight = flight->next;
    if (flight == NULL)
        network_abort(line->network, "the library cancels what is not in flight");
    flight->request.task->in_doubt++;
    flight_remove(flight);
    if (flight->is_ready)
        flight_release(flight);
}

static void destroy(void *self)
{
    struct line *line = self;

    if (line->in_flight != NULL)
        world_fail(line->network->world, "the transport is destroyed with requests in flight");
    free(line);
}

static int descriptor(void *self)
{
    (void)self;
    return -1;
}

static void wake_at(void *self, int64_t wake_ms)
{
    (void)self;
    (void)wake_ms;
}

struct http_transport network_transport(struct network *network)
{
    struct line *line = calloc(1, sizeof *line);

    if (line == NULL)
        abort();
    line->network = network;
    return (
        struct http_transport) { start, wait, watch, cancel, destroy, descriptor, wake_at, line };
}

void network_settle_down(struct network *network)
{
    struct event event;

    while (world_take(network->world, INT64_MAX, &event))
        if (event.kind == EVENT_ARRIVAL || event.kind == EVENT_ANSWER)
            handle_event(network, &event);
}
