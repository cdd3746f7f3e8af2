#include "flight.h"

#include "answer.h"
#include "base/error.h"

#include <stdlib.h>

static const unsigned char chances[]
                                  [FATES] = {
                                      [WEATHER_FAIR] = { 250, 1, 0, 1, 1, 1, 1, 1, 1, 0, 0,
                                                         1,   1, 0, 1, 0, 0, 0, 0, 0, 0, 0 },
                                      [WEATHER_ROUGH] = { 100, 8, 3, 5, 8, 5, 5, 4, 4, 4, 2,
                                                          4,   4, 3, 4, 4, 4, 2, 1, 1, 0, 3 },
                                      [WEATHER_OUTAGE] = { 5,  20, 10, 10, 10, 3, 3, 20, 20, 5, 2,
                                                           10, 10, 20, 30, 5,  2, 0, 0,  0,  0, 0 },
                                      [WEATHER_FILTER] = { 60, 2, 0, 0, 1, 1, 0, 0,  0,  0, 0,
                                                           2,  2, 2, 0, 0, 0, 2, 40, 10, 0, 2 },
                                      [WEATHER_REWRITING] = { 20, 1, 0, 1, 1, 1, 1, 1, 1, 0,  0,
                                                              1,  1, 0, 1, 0, 0, 0, 0, 0, 60, 0 },
                                  };

/* ---- Ends of attempts ---- */

void flight_release(struct flight *flight)
{
    if (--flight->places > 0)
        return;
    flight->request.task->flights--;
    http_response_clear(&flight->response);
    free(flight);
}

static void lose(struct flight *flight, enum c2d_status status, const char *text)
{
    http_response_clear(&flight->response);
    flight->error.retryable = status != C2D_PROTOCOL;
    fail(&flight->error, status, "%s", text);
}

/* True if the client can see the code of a hub's refusal. */
static bool has_visible_code(const struct flight *flight)
{
    const struct buf *body = &flight->response.body;

    return http_headers_get(&flight->response.headers, "iothub-errorcode") != NULL
           || (!flight->is_cut && body->size > 0 && body->data[0] == '{');
}

/* True if this answer ends an operation, by the hub's documents. */
static bool is_final(const struct flight *flight)
{
    int status = flight->response.status;
    bool has_code = has_visible_code(flight);

    if (flight->error.status != C2D_OK)
        return flight->error.status == C2D_PROTOCOL;
    if (flight->request.action == C2D_ACTION_SEND && !flight->request.is_older_form && !has_code
        && (status == 404 || status == 405 || status == 501))
        return false;
    return status != 401 && status != 408 && status != 429 && status != 500 && status != 502
           && status != 503 && status != 504;
}

/* True if the client cannot know whether the hub did what was asked. */
static bool leaves_doubt(const struct flight *flight)
{
    int status = flight->response.status;

    if (flight->error.status != C2D_OK)
        return flight->is_written;
    if (flight->request.action == C2D_ACTION_SEND && status == 200)
        return flight->response.body.size == 0;
    return (status == 408 || status == 500 || status == 502 || status == 504)
           && !has_visible_code(flight);
}

static void note_answer(struct flight *flight)
{
    struct task *task = flight->request.task;

    task->in_doubt += leaves_doubt(flight);
    task->is_final |= is_final(flight);
    task->renewals += flight->error.status == C2D_OK && flight->response.status == 401;
}

void flight_remove(struct flight *flight)
{
    struct flight **place = &flight->line->in_flight;

    while (*place != flight)
        place = &(*place)->next;
    *place = flight->next;
    flight->line->in_flight_count--;
    flight->line = NULL;
}

void flight_hand_over(struct flight *flight, struct http_done *done)
{
    struct world *world = flight->line->network->world;

    note_answer(flight);
    world_log(world, "  answer to %s %u: %d %s", task_name(flight->request.task),
              flight->request.task->number, flight->response.status, flight->error.text);
    *done = (struct http_done) {
        .tag = flight->tag,
        .response = flight->response,
        .error = flight->error,
        .written = flight->is_written,
        .stale = flight->is_stale,
    };
    flight->response = (struct http_response) { 0 };
    flight_remove(flight);
    flight_release(flight);
}

/* ---- At the hub ---- */

static void cut(struct flight *flight)
{
    struct buf *body = &flight->response.body;

    if (flight->response.status < 300 || body->size == 0)
        return;
    flight->is_cut = true;
    body->size = chance_below(&flight->chance, body->size);
}

/* Gives the flight the answer that its fate allows. */
static void answer(struct flight *flight, const struct model_reply *reply, int64_t at_ms)
{
    int64_t lie_s =
        flight->fate == FATE_DATE_LIES ? chance_between(&flight->chance, -4000000, 4000000) : 0;

    answer_write(&flight->response, reply, &flight->chance, at_ms, lie_s);
    if (flight->fate == FATE_REWRITTEN && reply->status == 204)
        flight->response.status = 200;
    if (flight->fate == FATE_CUT_REFUSAL)
        cut(flight);
    flight->request.task->purged = reply->purged;
    if (reply->lock == 0)
        return;
    flight->request.task->message = reply->message;
    flight->request.task->batch = reply->batch;
    flight->request.task->answer_lock = reply->lock;
    flight->request.task->answer_abandons = reply->abandons;
}

void flight_arrive(struct network *network, struct flight *flight, int64_t at_ms)
{
    struct model_reply reply = model_handle(network->hub, &flight->request, at_ms);

    world_log(network->world, "  the hub answers %s %u: %d", task_name(flight->request.task),
              flight->request.task->number, reply.status);
    if (flight->has_answer)
        answer(flight, &reply, at_ms);
    flight_release(flight);
}

/* ---- Fates ---- */

static const int gateway_statuses[] = { 408, 500, 502, 504 };

static void answer_for_gateway(struct flight *flight)
{
    answer_write_foreign(&flight->response, gateway_statuses[chance_below(&flight->chance, 4)],
                         &flight->chance);
}

static void answer_for_filter(struct flight *flight)
{
    static const int statuses[] = { 403, 403, 302, 511 };

    answer_write_foreign(&flight->response, statuses[chance_below(&flight->chance, 4)],
                         &flight->chance);
}

static void answer_without_path(struct flight *flight)
{
    static const int statuses[] = { 404, 405, 501 };

    answer_write_foreign(&flight->response, statuses[chance_below(&flight->chance, 3)],
                         &flight->chance);
}

static void answer_for_hub(struct flight *flight, const struct network *network)
{
    static const struct model_reply failures[] = {
        { .status = 500, .code = 500001, .code_name = "ServerError" },
        { .status = 503, .code = 503001, .code_name = "ServiceUnavailable" },
        { .status = 503, .code = 503005, .code_name = "ServerBusy" },
    };
    static const struct model_reply throttled = { .status = 429,
                                                  .code = 429001,
                                                  .code_name = "ThrottlingException" };

    answer_write(&flight->response,
                 flight->fate == FATE_THROTTLED ? &throttled
                                                : &failures[chance_below(&flight->chance, 3)],
                 &flight->chance, network->world->now_ms, 0);
}

/* Schedules the arrival at the hub. */
static void send_on(struct network *network, struct flight *flight, int64_t at_ms)
{
    flight->places++;
    world_add(network->world, at_ms, EVENT_ARRIVAL, 0, flight);
}

/* Fates in which the client gets no response. */
static bool choose_loss(struct flight *flight, int64_t connect_timeout_ms, int64_t timeout_ms)
{
    struct chance *chance = &flight->chance;
    bool cut_short = false;

    switch (flight->fate) {
    case FATE_NOT_SENT:
        flight->is_written = false;
        lose(flight, chance_percent(chance, 70) ? C2D_NETWORK : C2D_TLS, "not connected");
        break;
    case FATE_NOT_CONNECTED:
        flight->is_written = false;
        flight->answer_ms += connect_timeout_ms < timeout_ms ? connect_timeout_ms : timeout_ms;
        lose(flight, chance_percent(chance, 50) ? C2D_NETWORK : C2D_TIMEOUT,
             "no connection in time");
        break;
    case FATE_STALE:
    case FATE_STALE_AFTER:
        flight->is_stale = true;
        flight->is_written = flight->fate == FATE_STALE_AFTER || chance_percent(chance, 60);
        cut_short = true;
        break;
    case FATE_LOST_BEFORE:
    case FATE_LOST_AFTER:
        cut_short = true;
        break;
    case FATE_MANGLED:
        lose(flight, C2D_PROTOCOL, "a head that is not valid");
        break;
    default:
        return false;
    }
    if (cut_short)
        lose(flight, C2D_NETWORK, "the connection was lost");
    return true;
}

/* Fates in which somebody else than the hub answers. */
static bool choose_foreign(struct network *network, struct flight *flight)
{
    switch (flight->fate) {
    case FATE_GATEWAY_BEFORE:
    case FATE_GATEWAY_AFTER:
        answer_for_gateway(flight);
        return true;
    case FATE_UNAVAILABLE:
        answer_write_foreign(&flight->response, 503, &flight->chance);
        return true;
    case FATE_HUB_FAILS:
    case FATE_THROTTLED:
        answer_for_hub(flight, network);
        return true;
    case FATE_FILTER:
        answer_for_filter(flight);
        return true;
    case FATE_NO_PATH:
        answer_without_path(flight);
        return true;
    default:
        return false;
    }
}

static bool reaches_hub(enum fate fate)
{
    return fate == FATE_FINE || fate == FATE_LOST_AFTER || fate == FATE_STALE_AFTER
           || fate == FATE_SILENT_AFTER || fate == FATE_LATE || fate == FATE_GATEWAY_AFTER
           || fate == FATE_CUT_REFUSAL || fate == FATE_MANGLED || fate == FATE_REWRITTEN
           || fate == FATE_DATE_LIES || fate == FATE_DEAF;
}

static bool is_silent(enum fate fate)
{
    return fate == FATE_SILENT_BEFORE || fate == FATE_SILENT_AFTER || fate == FATE_LATE
           || fate == FATE_DEAF;
}

/* Decides when the request arrives and what the client gets, and when. */
static void choose(struct network *network, struct flight *flight,
                   const struct http_request *request)
{
    struct chance *chance = &flight->chance;
    int64_t now = network->world->now_ms, way_ms = chance_between(chance, 1, 120);
    int64_t arrival_ms = now + way_ms;

    flight->answer_ms = arrival_ms + chance_between(chance, 1, 120);
    if (chance_percent(chance, 3)) /* a slow hub */
        flight->answer_ms += chance_between(chance, 0, 70000);
    if (flight->fate == FATE_LATE)
        arrival_ms = now + request->timeout_ms + chance_between(chance, 0, 100000);
    flight->has_answer = !choose_loss(flight, request->connect_timeout_ms, request->timeout_ms)
                         && !choose_foreign(network, flight) && !is_silent(flight->fate);
    if (reaches_hub(flight->fate))
        send_on(network, flight, arrival_ms);
    if (!is_silent(flight->fate) && flight->answer_ms <= flight->deadline_ms)
        return;
    flight->has_answer = false;
    flight->answer_ms = flight->fate == FATE_DEAF ? INT64_MAX / 2 : flight->deadline_ms;
    lose(flight, C2D_TIMEOUT, "no answer in time");
}

/* ---- The start ---- */

void flight_launch(struct line *line, struct flight *flight, const struct http_request *http)
{
    struct network *network = line->network;
    struct task *task = flight->request.task;

    flight->chance = chance_from(network->world->seed, 1000 + task->number, task->attempts);
    flight->fate = (enum fate)chance_weighted(&flight->chance, chances[network->weather], FATES);
    if (http->fresh && (flight->fate == FATE_STALE || flight->fate == FATE_STALE_AFTER))
        flight->fate = FATE_FINE;
    flight->is_written = true;
    flight->deadline_ms = network->world->now_ms + http->timeout_ms;
    flight->places = 1;
    task->flights++;
    choose(network, flight, http);
    world_add(network->world, flight->answer_ms, EVENT_ANSWER, 0, flight);
    flight->line = line;
    flight->next = line->in_flight;
    line->in_flight = flight;
    line->in_flight_count++;
}
