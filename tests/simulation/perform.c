/* Calls the library, and compares what it returns with what the hub did. */
#include "workload.h"

#include "answer.h"
#include "engine/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The library's own: draining.c takes the calls of the drain. */
enum c2d_status __real_c2d_receive(struct c2d_client *device, struct c2d_message **message,
                                   struct c2d_error *error);
enum c2d_status __real_c2d_settle(struct c2d_client *device, const char *lock_token,
                                  enum c2d_outcome outcome, struct c2d_error *error);
enum c2d_status __real_c2d_submit(struct c2d_client *client, const struct c2d_request *request,
                                  struct c2d_error *error);
bool __real_c2d_wait(struct c2d_client *client, int timeout_ms, struct c2d_result *result);

/* ---- Clients ---- */

static bool is_of_service(const struct task *task)
{
    return task->action != C2D_ACTION_RECEIVE && task->action != C2D_ACTION_SETTLE;
}

static bool names_device(const struct task *task)
{
    return task->action == C2D_ACTION_SEND || task->action == C2D_ACTION_DEVICE_INFO
           || task->action == C2D_ACTION_PURGE;
}

static unsigned owner_of(const struct workload *workload, const struct task *task)
{
    return is_of_service(task) ? (unsigned)workload->hub.device_count : task->device;
}

struct c2d_client *perform_client(struct workload *workload, unsigned device)
{
    struct c2d_options options = workload->options;
    struct c2d_client **client = &workload->clients[device];
    struct clock clock = world_clock(&workload->world);
    struct http_transport transport;
    struct c2d_error error;
    char text[256];

    if (*client != NULL)
        return *client;
    network_connection_string(&workload->network, device, text);
    if (workload->shares && device != workload->hub.device_count) {
        options.share = perform_client(workload, (unsigned)workload->hub.device_count);
        client_new_over(client, text, &options, NULL, &clock, &error);
    } else {
        transport = network_transport(&workload->network);
        client_new_over(client, text, &options, &transport, &clock, &error);
    }
    if (*client == NULL)
        network_abort(&workload->network, error.text);
    return *client;
}

void perform_free(struct workload *workload, unsigned device)
{
    for (size_t i = 0; i < workload->task_count; i++) {
        struct task *task = workload->tasks[i];

        if (task->is_over || task->is_dropped || owner_of(workload, task) != device)
            continue;
        task->is_dropped = true;
        workload->pending--;
        network_remove_task(&workload->network, task);
    }
    world_log(&workload->world, "the client of %u is freed", device);
    c2d_client_free(workload->clients[device]);
    workload->clients[device] = NULL;
}

/* ---- Results ---- */

static void hold(struct workload *workload, uint64_t lock, unsigned device)
{
    if (workload->held_count < RUN_STEPS_MAX)
        workload->held[workload->held_count++] = (struct held) { lock, device };
}

static void check_message(struct workload *workload, const struct task *task,
                          const struct c2d_message *message)
{
    const struct hub_message *sent = task->message;
    const char *id = sent == NULL || sent->message_id[0] == '\0' ? NULL : sent->message_id;
    const char *differs;
    char token[40];

    if (sent == NULL) {
        world_fail(&workload->world, "receive %u: a message that no answer had", task->number);
        return;
    }
    differs = content_differs_in_message(&sent->send->content, id, message);
    if (differs != NULL)
        world_fail(&workload->world, "receive %u: the %s is not that of send %u", task->number,
                   differs, sent->send->number);
    answer_lock_text(task->answer_lock, token);
    if (strcmp(message->lock_token, token) != 0)
        world_fail(&workload->world, "receive %u: the lock token is %s", task->number,
                   message->lock_token);
    if (message->lock_expires_ms > task->lock_ends_ms)
        world_fail(&workload->world, "receive %u: the lock is said to last %lld ms too long",
                   task->number, (long long)(message->lock_expires_ms - task->lock_ends_ms));
    if (message->delivery_count != (int)task->answer_abandons
        || strtoull(message->sequence_number, NULL, 10) != sent->sequence)
        world_fail(&workload->world, "receive %u: delivery count or sequence number differs",
                   task->number);
    hold(workload, task->answer_lock, task->device);
}

static void check_feedback(struct workload *workload, const struct task *task,
                           const struct c2d_feedback *feedback)
{
    static const enum c2d_feedback_outcome outcomes[] = {
        C2D_FEEDBACK_UNKNOWN, C2D_FEEDBACK_SUCCESS, C2D_FEEDBACK_REJECTED,
        C2D_FEEDBACK_EXPIRED, C2D_FEEDBACK_PURGED,  C2D_FEEDBACK_DELIVERY_COUNT_EXCEEDED,
    };
    const struct hub_batch *batch = task->batch;

    if (batch == NULL || feedback->record_count != batch->count) {
        world_fail(&workload->world, "feedback %u: %zu records", task->number,
                   feedback->record_count);
        return;
    }
    for (size_t i = 0; i < batch->count; i++)
        if (strcmp(feedback->records[i].original_message_id, batch->records[i].message->message_id)
                != 0
            || feedback->records[i].outcome != outcomes[batch->records[i].state])
            world_fail(&workload->world, "feedback %u: record %zu differs", task->number, i);
    hold(workload, task->answer_lock, (unsigned)workload->hub.device_count);
}

static void check_result(struct workload *workload, struct task *task,
                         const struct c2d_result *result)
{
    network_remove_task(&workload->network, task);
    workload->pending--;
    task_check_end(task, &workload->world, &result->error, result->purged);
    if ((result->message != NULL)
        != (task->action == C2D_ACTION_RECEIVE && result->error.status == C2D_OK))
        world_fail(&workload->world, "%s %u: a message without success, or the reverse",
                   task_name(task), task->number);
    if (result->message != NULL)
        check_message(workload, task, result->message);
    if (result->feedback != NULL)
        check_feedback(workload, task, result->feedback);
}

static void free_result(struct c2d_result *result)
{
    c2d_message_free(result->message);
    c2d_feedback_free(result->feedback);
    c2d_device_info_free(result->device_info);
}

bool perform_collect(struct workload *workload, struct c2d_client *client, int timeout_ms)
{
    struct c2d_result result;

    if (!__real_c2d_wait(client, timeout_ms, &result))
        return false;
    check_result(workload, result.tag, &result);
    free_result(&result);
    return true;
}

bool perform_await(struct workload *workload, struct task *task, int timeout_ms,
                   struct c2d_result *result)
{
    struct c2d_client *client = perform_client(workload, owner_of(workload, task));

    while (__real_c2d_wait(client, timeout_ms, result)) {
        check_result(workload, result->tag, result);
        if (result->tag == task)
            return true;
        free_result(result);
    }
    if (timeout_ms < 0)
        network_abort(&workload->network, "an operation that was submitted has no result");
    return false;
}

/* ---- Operations ---- */

static void call(struct c2d_client *client, const struct c2d_request *request,
                 struct c2d_result *result)
{
    switch (request->action) {
    case C2D_ACTION_RECEIVE:
        __real_c2d_receive(client, &result->message, &result->error);
        break;
    case C2D_ACTION_SETTLE:
        __real_c2d_settle(client, request->lock_token, request->outcome, &result->error);
        break;
    case C2D_ACTION_SEND:
        c2d_send(client, request->device_id, request->message, &result->error);
        break;
    case C2D_ACTION_DEVICE_INFO:
        c2d_device_info_get(client, request->device_id, &result->device_info, &result->error);
        break;
    case C2D_ACTION_FEEDBACK:
        c2d_feedback_receive(client, &result->feedback, &result->error);
        break;
    case C2D_ACTION_FEEDBACK_SETTLE:
        c2d_feedback_settle(client, request->lock_token, request->outcome, &result->error);
        break;
    case C2D_ACTION_PURGE:
        c2d_purge(client, request->device_id, &result->purged, &result->error);
        break;
    }
}

/* Registers an operation, and fills in what the library is asked for. */
static struct c2d_request prepare(struct workload *workload, struct task *task)
{
    struct c2d_request request = {
        .action = task->action,
        .tag = task,
        .outcome = task->outcome,
        .lock_token = task->lock == 0 ? NULL : task->lock_text,
        .device_id = names_device(task) ? task->device_id : NULL,
    };

    if (task->action == C2D_ACTION_SEND) {
        task->sent = content_message(&task->content);
        task->sent.ttl_s = task->ttl_s;
        request.message = &task->sent;
    }
    network_add_task(&workload->network, task);
    workload->pending++;
    return request;
}

void perform_now(struct workload *workload, struct task *task, struct c2d_result *result)
{
    struct c2d_client *client = perform_client(workload, owner_of(workload, task));
    struct c2d_request request = prepare(workload, task);

    task->is_blocking = true;
    task->was_alone = workload->pending == 1;
    call(client, &request, result);
    check_result(workload, task, result);
}

bool perform_submit(struct workload *workload, struct task *task)
{
    struct c2d_client *client = perform_client(workload, owner_of(workload, task));
    struct c2d_request request = prepare(workload, task);
    struct c2d_result result = { 0 };

    if (__real_c2d_submit(client, &request, &result.error) == C2D_OK)
        return true;
    check_result(workload, task, &result);
    return false;
}

void perform(struct workload *workload, struct task *task, bool submits)
{
    struct c2d_result result = { 0 };

    if (submits) {
        perform_submit(workload, task);
        return;
    }
    perform_now(workload, task, &result);
    free_result(&result);
}
