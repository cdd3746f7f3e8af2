/* The drain of c2d-device on the simulated world: its receives and settlements are operations like
 * all others, and its dispositions come from chance. */
#include "../../src/cli/c2d-device/drain.h"

#include "answer.h"
#include "workload.h"

#include <stdlib.h>
#include <string.h>

enum {
    OPERATIONS_MAX = 2000, /* a drain with more has no end */
    FIRST_NUMBER = 100000, /* of a drain's operations: those of other steps are smaller */
};

/* The drain under way: c2d-device drains one queue at a time, too. */
static struct draining {
    struct workload *workload;
    struct chance *chance;
    unsigned device, number; /* number: of the drain's step */
    unsigned operations, processed;
    int64_t count;        /* the drain's limit of messages; 0: none */
    struct task *receive; /* the latest */
    struct task *pending; /* a receive that works during a settlement; NULL: none */
    bool was_pending;     /* the latest was one */
    bool had_to_wait;     /* and it was there before the settlement had ended */
    struct {
        uint64_t lock;
        struct hub_message *message;
    } locks[OPERATIONS_MAX];
    size_t lock_count;
} draining;

static struct task *next_task(enum c2d_action action)
{
    struct workload *workload = draining.workload;

    if (++draining.operations > OPERATIONS_MAX) {
        world_fail(&workload->world, "drain %u does not end", draining.number);
        return NULL;
    }
    return workload_add_task(workload, action, FIRST_NUMBER + workload->drained++, draining.device);
}

static struct hub_message *find_lock(uint64_t lock)
{
    size_t i = draining.lock_count;

    while (i > 0 && draining.locks[i - 1].lock != lock)
        i--;
    return i == 0 ? NULL : draining.locks[i - 1].message;
}

/* ---- What the drain calls ---- */

enum c2d_status __wrap_c2d_receive(struct c2d_client *device, struct c2d_message **message,
                                   struct c2d_error *error);
enum c2d_status __wrap_c2d_settle(struct c2d_client *device, const char *lock_token,
                                  enum c2d_outcome outcome, struct c2d_error *error);
enum c2d_status __wrap_c2d_submit(struct c2d_client *client, const struct c2d_request *request,
                                  struct c2d_error *error);
bool __wrap_c2d_wait(struct c2d_client *client, int timeout_ms, struct c2d_result *result);
bool __wrap_stop_is_due(void);

static struct task *next_receive(void)
{
    if (draining.count != 0 && draining.processed >= draining.count)
        world_fail(&draining.workload->world, "drain %u: more is received than was asked for",
                   draining.number);
    return next_task(C2D_ACTION_RECEIVE);
}

static void note_received(struct task *task, const struct c2d_result *result)
{
    draining.receive = task;
    if (result->message == NULL)
        return;
    draining.locks[draining.lock_count].lock = task->answer_lock;
    draining.locks[draining.lock_count++].message = task->message;
}

enum c2d_status __wrap_c2d_receive(struct c2d_client *device, struct c2d_message **message,
                                   struct c2d_error *error)
{
    struct task *task = next_receive();
    struct c2d_result result = { 0 };

    (void)device;
    if (task == NULL)
        result.error.status = C2D_CANCELLED;
    else
        perform_now(draining.workload, task, &result);
    note_received(task, &result);
    draining.was_pending = draining.had_to_wait = false;
    *message = result.message;
    *error = result.error;
    return error->status;
}

enum c2d_status __wrap_c2d_submit(struct c2d_client *client, const struct c2d_request *request,
                                  struct c2d_error *error)
{
    struct task *task = next_receive();

    (void)client;
    (void)error;
    if (request->action != C2D_ACTION_RECEIVE || draining.pending != NULL)
        world_fail(&draining.workload->world, "drain %u: submits something else than one receive",
                   draining.number);
    if (task == NULL || !perform_submit(draining.workload, task))
        return C2D_CANCELLED;
    draining.pending = task;
    return C2D_OK;
}

bool __wrap_c2d_wait(struct c2d_client *client, int timeout_ms, struct c2d_result *result)
{
    struct task *task = draining.pending;

    (void)client;
    if (task == NULL || !perform_await(draining.workload, task, timeout_ms, result))
        return false;
    note_received(task, result);
    draining.pending = NULL;
    draining.was_pending = true;
    draining.had_to_wait = timeout_ms == 0;
    return true;
}

/* A signal is what cancels the operations of c2d-device. */
bool __wrap_stop_is_due(void)
{
    return draining.workload->options.cancel_fd >= 0 && draining.workload->world.is_cancelled;
}

enum c2d_status __wrap_c2d_settle(struct c2d_client *device, const char *lock_token,
                                  enum c2d_outcome outcome, struct c2d_error *error)
{
    const struct hub_message *message = find_lock(answer_lock_in(lock_token));
    struct task *task = next_task(C2D_ACTION_SETTLE);
    struct c2d_result result = { 0 };

    (void)device;
    if (task == NULL) {
        error->status = C2D_CANCELLED;
        return C2D_CANCELLED;
    }
    if (draining.was_pending && outcome == C2D_ABANDON && message == draining.receive->message)
        world_log(&draining.workload->world, "drain %u: a message is put back", draining.number);
    else if (message == NULL || message->processed_in != draining.number)
        world_fail(&draining.workload->world,
                   "drain %u: a message is settled before it is processed", draining.number);
    else if (message->wanted != (int)outcome)
        world_fail(&draining.workload->world,
                   "drain %u: the outcome is not the one that was asked for", draining.number);
    task->lock = answer_lock_in(lock_token);
    answer_lock_text(task->lock, task->lock_text);
    task->outcome = outcome;
    perform_now(draining.workload, task, &result);
    *error = result.error;
    return error->status;
}

/* ---- Dispositions ---- */

static struct disposition process(void *context, const struct c2d_message *message,
                                  long long number, int64_t deadline_ms)
{
    static const enum disposition_kind kinds[] = { DISPOSITION_COMPLETE, DISPOSITION_REJECT,
                                                   DISPOSITION_ABANDON, DISPOSITION_LEAVE };
    static const unsigned char weights[] = { 80, 8, 8, 4 };
    struct hub_message *taken = draining.receive->message;
    size_t choice = chance_weighted(draining.chance, weights, sizeof weights);
    struct world *world = &draining.workload->world;

    (void)context;
    (void)message;
    (void)number;
    draining.processed++;
    if (draining.pending != NULL)
        world_fail(world, "drain %u: a message is received while another is processed",
                   draining.number);
    if (draining.had_to_wait && deadline_ms - world->now_ms < 30000)
        world_fail(world, "drain %u: a message is processed with %lld ms of its lock left",
                   draining.number, (long long)(deadline_ms - world->now_ms));
    if (draining.was_pending && __wrap_stop_is_due())
        world_fail(world, "drain %u: a message is processed after a signal", draining.number);
    if (taken->processed_in == draining.number)
        world_fail(world, "drain %u: message %u is processed twice", draining.number,
                   taken->send->number);
    if (deadline_ms > draining.receive->lock_ends_ms)
        world_fail(world, "drain %u: the deadline is after the end of the lock", draining.number);
    taken->processed_in = draining.number;
    taken->wanted = choice < 3 ? (int)choice : -1;
    world->now_ms += chance_percent(draining.chance, 90)
                         ? chance_between(draining.chance, 0, 3000)
                         : chance_between(draining.chance, 0, 100000);
    return (struct disposition) { .kind = kinds[choice], .handler_exit = -1 };
}

/* ---- A drain ---- */

/* A drain that reports no error, and has lost no response, has processed what it received, and
 * settled everything as its handler asked. */
static void check_drained(const struct drain *drain)
{
    for (size_t i = 0; i < draining.lock_count && drain->result == C2D_OK; i++) {
        const struct hub_message *message = draining.locks[i].message;
        bool was_processed = message->processed_in == draining.number;

        if (message->state == HUB_QUEUED && !was_processed && drain->receiver.lost_at_ms == 0)
            world_fail(&draining.workload->world, "drain %u: OK, but message %u was not processed",
                       draining.number, message->send->number);
        if (message->state == HUB_QUEUED && was_processed
            && (message->wanted == C2D_COMPLETE || message->wanted == C2D_REJECT))
            world_fail(&draining.workload->world, "drain %u: OK, but message %u is still queued",
                       draining.number, message->send->number);
    }
}

void drain_device(struct workload *workload, unsigned device, unsigned number,
                  struct chance *chance)
{
    static const struct program program = { .name = "c2d-device", .role = C2D_ROLE_DEVICE };
    struct app app = { .program = &program,
                       .common.quiet = true,
                       .client = perform_client(workload, device) };
    struct drain drain = { .app = &app,
                           .receiver = { .app = &app, .action = C2D_ACTION_RECEIVE },
                           .process = process,
                           .count = chance_percent(chance, 70) ? 0 : chance_between(chance, 1, 4) };

    /* As "poll" does, which keeps what the receiver knows. */
    for (unsigned i = 0; i < 1 || (i < 3 && chance_percent(chance, 30)); i++) {
        struct task *pending = i == 0 ? NULL : draining.pending;

        draining = (struct draining) { .workload = workload,
                                       .chance = chance,
                                       .device = device,
                                       .number = number + i * FIRST_NUMBER,
                                       .count = drain.count == 0 ? 0 : drain.count - drain.received,
                                       .pending = pending };
        drain.result = C2D_OK;
        world_log(&workload->world, "drain %u of device %u", draining.number, device);
        drain_run(&drain);
        world_log(&workload->world, "drain %u ends: %s", draining.number,
                  c2d_status_name(drain.result));
        check_drained(&drain);
        workload->world.now_ms += chance_between(chance, 0, 100000);
    }
}
