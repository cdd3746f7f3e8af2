#include "workload.h"

#include "answer.h"

#include <stdlib.h>

/* ---- The beginning ---- */

static void choose_options(struct workload *workload, struct chance *chance)
{
    static const int timeouts[] = { 60000, 60000, 10000, 1000, 120000, 90 };
    static const int retries[] = { 3, 3, 0, 1, 10 };
    static const int patience[] = { 0, 0, 0, 60000, 900000 };
    static const int parallel[] = { 1, 1, 4, 64 };
    struct c2d_options *options = &workload->options;

    *options = c2d_options_default();
    options->timeout_ms = timeouts[chance_below(chance, 6)];
    options->connect_timeout_ms = (int)chance_between(chance, 50, 20000);
    options->retries = retries[chance_below(chance, 5)];
    options->patience_ms = patience[chance_below(chance, 5)];
    options->parallel = parallel[chance_below(chance, 4)];
    options->retry_budget = chance_percent(chance, 30);
    if (chance_percent(chance, 50))
        options->cancel_fd = workload->world.cancel_fd;
    workload->shares = chance_percent(chance, 50);
}

/* Most machines have the right time, some not at all. */
static void choose_clock(struct world *world, struct chance *chance)
{
    static const int64_t most_s[] = {
        0, 0, 0, 0, 120, 3600, 86400 * 40, INT64_C(86400) * 365 * 30
    };
    int64_t most = most_s[chance_below(chance, 8)];

    if (most == 0)
        return;
    world->wall_off_ms = chance_between(chance, -most, most) * 1000;
    world->clock_is_honest = false;
}

void workload_init(struct workload *workload, uint64_t seed)
{
    static const size_t counts[] = { 1, 1, 2, 3, 5, 20, 200, 1000 };
    struct chance chance = chance_from(seed, 0, 0);
    size_t devices = counts[chance_below(&chance, 8)];

    world_init(&workload->world, seed);
    choose_options(workload, &chance);
    choose_clock(&workload->world, &chance);
    model_init(&workload->hub, devices);
    workload->network = (struct network) {
        .world = &workload->world,
        .hub = &workload->hub,
        .weather = (enum weather)chance_below(&chance, WEATHER_REWRITING + 1),
        .pending = calloc(devices + 1, sizeof *workload->network.pending),
        .known_tokens = calloc(devices + 1, sizeof *workload->network.known_tokens),
        .last_sends = calloc(devices + 1, sizeof *workload->network.last_sends),
    };
    workload->clients = calloc(devices + 1, sizeof *workload->clients);
    if (workload->network.pending == NULL || workload->network.known_tokens == NULL
        || workload->network.last_sends == NULL || workload->clients == NULL)
        abort();
}

/* ---- Steps that are operations ---- */

struct task *workload_add_task(struct workload *workload, enum c2d_action action, unsigned number,
                               unsigned device)
{
    struct task *task = calloc(1, sizeof *task);

    if (workload->task_count == workload->task_capacity) {
        workload->task_capacity = workload->task_capacity * 2 + 64;
        workload->tasks =
            realloc(workload->tasks, workload->task_capacity * sizeof *workload->tasks);
    }
    if (task == NULL || workload->tasks == NULL)
        abort();
    task->action = action;
    task->number = number;
    task->device = device;
    network_device_id(device, task->device_id);
    task->options = workload->options;
    workload->tasks[workload->task_count++] = task;
    return task;
}

/* Only one operation of a kind that its request does not identify may be under way. */
static bool is_pending(const struct workload *workload, enum c2d_action action, unsigned device,
                       uint64_t lock)
{
    const struct task *task = workload->network.pending[device];

    while (task != NULL && (task->action != action || task->lock != lock))
        task = task->next_pending;
    return task != NULL;
}

static void operate(struct workload *workload, enum c2d_action action, unsigned number,
                    struct chance *chance)
{
    bool is_feedback = action == C2D_ACTION_FEEDBACK;
    unsigned device = is_feedback ? (unsigned)workload->hub.device_count
                                  : (unsigned)chance_below(chance, workload->hub.device_count);
    struct task *task;

    if (action != C2D_ACTION_SEND && is_pending(workload, action, device, 0))
        return;
    task = workload_add_task(workload, action, number, device);
    if (action == C2D_ACTION_SEND) {
        content_make(&task->content, number, chance);
        if (chance_percent(chance, 30))
            task->ttl_s = chance_between(chance, 1, chance_percent(chance, 50) ? 30 : 172800);
    }
    perform(workload, task, chance_percent(chance, 50));
}

/* Settles a lock that is held, was held, or never was. */
static void settle(struct workload *workload, bool is_feedback, unsigned number,
                   struct chance *chance)
{
    enum c2d_action action = is_feedback ? C2D_ACTION_FEEDBACK_SETTLE : C2D_ACTION_SETTLE;
    unsigned service = (unsigned)workload->hub.device_count;
    struct held held = { 1 + (UINT64_C(1) << 40) + number, is_feedback ? service : 0 };
    struct task *task;

    for (size_t tries = 0; tries < 4 && workload->held_count > 0; tries++) {
        struct held other = workload->held[workload->held_count - 1
                                           - chance_below(chance, workload->held_count)
                                                 % (tries + 4) % workload->held_count];

        if ((other.device == service) == is_feedback)
            held = other;
    }
    if (is_pending(workload, action, held.device, held.lock))
        return;
    task = workload_add_task(workload, action, number, held.device);
    task->lock = held.lock;
    answer_lock_text(held.lock, task->lock_text);
    task->outcome = (enum c2d_outcome)chance_below(chance, 3);
    if (is_feedback && task->outcome == C2D_REJECT)
        task->outcome = C2D_COMPLETE;
    perform(workload, task, chance_percent(chance, 50));
}

static void drain(struct workload *workload, unsigned number, struct chance *chance)
{
    unsigned device = (unsigned)chance_below(chance, workload->hub.device_count);

    if (!is_pending(workload, C2D_ACTION_RECEIVE, device, 0))
        drain_device(workload, device, number, chance);
}

/* ---- Other steps ---- */

static void collect(struct workload *workload, struct chance *chance)
{
    static const int timeouts[] = { -1, -1, 0, 200, 5000 };
    int timeout_ms = timeouts[chance_below(chance, 5)];
    size_t results = chance_below(chance, 20) + 1;

    for (size_t i = 0; i < workload->hub.device_count + 1 && results > 0; i++)
        while (results > 0 && workload->clients[i] != NULL && c2d_pending(workload->clients[i]) > 0
               && perform_collect(workload, workload->clients[i], timeout_ms))
            results--;
}

static int64_t choose_span(struct chance *chance)
{
    static const int64_t most[] = { 100, 5000, 70000, 3600000, INT64_C(86400000) * 3 };

    return chance_between(chance, 0, most[chance_below(chance, 5)]);
}

static void set_clock(struct workload *workload, struct chance *chance)
{
    int64_t span_ms = choose_span(chance) * chance_between(chance, -300, 300);

    world_add(&workload->world, workload->world.now_ms + chance_between(chance, 0, 2000),
              EVENT_STEP, span_ms, NULL);
}

static void change_registry(struct workload *workload, struct chance *chance)
{
    struct hub_device *device =
        &workload->hub.devices[chance_below(chance, workload->hub.device_count)];

    device->is_unknown = !device->is_unknown && chance_percent(chance, 30);
    workload->hub.is_throttling = chance_percent(chance, 10);
}

static void free_client(struct workload *workload, struct chance *chance)
{
    unsigned device = (unsigned)chance_below(chance, workload->hub.device_count + 1);

    if (workload->clients[device] == NULL)
        return;
    perform_free(workload, device);
    /* A new client of the back end would not be the one that the others share with. */
    if (workload->shares && device == workload->hub.device_count)
        for (unsigned i = 0; i < device; i++)
            if (workload->clients[i] != NULL)
                perform_free(workload, i);
}

static void change_world(struct workload *workload, enum step_kind kind, struct chance *chance)
{
    struct world *world = &workload->world;
    int64_t soon_ms = world->now_ms + chance_between(chance, 0, 3000);

    switch (kind) {
    case STEP_PASS:
        world->now_ms += choose_span(chance);
        break;
    case STEP_CANCEL:
        if (workload->options.cancel_fd >= 0)
            world_add(world, soon_ms, EVENT_CANCEL, 0, NULL);
        break;
    case STEP_SUSPEND:
        world_add(world, soon_ms, EVENT_SUSPEND, choose_span(chance), NULL);
        break;
    case STEP_CLOCK:
        set_clock(workload, chance);
        break;
    case STEP_WEATHER:
        workload->network.weather = (enum weather)chance_below(chance, WEATHER_REWRITING + 1);
        break;
    case STEP_REGISTRY:
        change_registry(workload, chance);
        break;
    default:
        free_client(workload, chance);
        break;
    }
}

void workload_step(struct workload *workload, enum step_kind kind, unsigned number,
                   struct chance *chance)
{
    static const enum c2d_action actions[] = {
        [STEP_SEND] = C2D_ACTION_SEND,         [STEP_RECEIVE] = C2D_ACTION_RECEIVE,
        [STEP_FEEDBACK] = C2D_ACTION_FEEDBACK, [STEP_PURGE] = C2D_ACTION_PURGE,
        [STEP_INFO] = C2D_ACTION_DEVICE_INFO,
    };

    workload->network.waits = 0;
    world_end_cancel(&workload->world);
    if (kind == STEP_SETTLE || kind == STEP_FEEDBACK_SETTLE)
        settle(workload, kind == STEP_FEEDBACK_SETTLE, number, chance);
    else if (kind == STEP_DRAIN)
        drain(workload, number, chance);
    else if (kind <= STEP_INFO)
        operate(workload, actions[kind], number, chance);
    else if (kind == STEP_COLLECT)
        collect(workload, chance);
    else
        change_world(workload, kind, chance);
}

/* ---- The end ---- */

static void check_hub(struct workload *workload)
{
    const struct hub_message *message = workload->hub.kept;

    /* Nothing leaves a queue in a way that the rules do not have. */
    for (; message != NULL; message = message->next_kept)
        if ((message->state == HUB_COMPLETED || message->state == HUB_REJECTED
             || message->state == HUB_GIVEN_UP)
            && message->deliveries == 0)
            world_fail(&workload->world, "message %u was settled, but never delivered",
                       message->send->number);
}

void workload_finish(struct workload *workload)
{
    size_t clients = workload->hub.device_count + 1;

    world_end_cancel(&workload->world);
    for (size_t i = 0; i < clients; i++)
        while (workload->clients[i] != NULL && c2d_pending(workload->clients[i]) > 0
               && workload->world.violation[0] == '\0')
            if (!perform_collect(workload, workload->clients[i], -1))
                break;
    for (size_t i = 0; i < clients; i++)
        if (workload->clients[i] != NULL)
            perform_free(workload, (unsigned)i);
    network_settle_down(&workload->network);
    for (size_t i = 0; i < workload->task_count; i++)
        task_check_effect(workload->tasks[i], &workload->world);
    check_hub(workload);
    for (size_t i = 0; i < workload->task_count; i++)
        free(workload->tasks[i]);
    model_clear(&workload->hub);
    world_clear(&workload->world);
    free(workload->tasks);
    free(workload->clients);
    free(workload->network.pending);
    free(workload->network.known_tokens);
    free(workload->network.last_sends);
}
