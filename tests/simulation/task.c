/* The invariants of one operation. */
#include "task.h"

#include <string.h>

enum {
    GRACE_MS = 1000,        /* an operation may exceed its time-out by this [c2d.h] */
    BACK_OFF_MAX_MS = 30000 /* the longest delay before another attempt */
};

const char *task_name(const struct task *task)
{
    static const char *const names[] = { "receive",  "settle",          "send", "device info",
                                         "feedback", "settle feedback", "purge" };

    return names[task->action];
}

static bool is_read(const struct task *task)
{
    return task->action == C2D_ACTION_RECEIVE || task->action == C2D_ACTION_FEEDBACK
           || task->action == C2D_ACTION_DEVICE_INFO;
}

static bool is_settlement(const struct task *task)
{
    return task->action == C2D_ACTION_SETTLE || task->action == C2D_ACTION_FEEDBACK_SETTLE;
}

/* ---- Attempts ---- */

static void check_time(const struct task *task, struct world *world,
                       const struct http_request *request)
{
    int64_t spent_ms = world->now_ms - task->first_start_ms;

    /* A suspended machine, or a program that does not call c2d_wait(), starts late. */
    if (task->options.patience_ms > 0 || !task->is_blocking
        || world->suspended_ms != task->suspended_before_ms)
        return;
    if (spent_ms + request->timeout_ms > task->options.timeout_ms + GRACE_MS)
        world_fail(world,
                   "%s %u: attempt %u may end %lld ms after the first started, with a "
                   "time-out of %d ms",
                   task_name(task), task->number, task->attempts,
                   (long long)(spent_ms + request->timeout_ms), task->options.timeout_ms);
}

void task_check_start(struct task *task, struct world *world, const struct http_request *request)
{
    unsigned most = (unsigned)task->options.retries + 1 + task->used_older_form;
    const char *differs;

    if (task->attempts++ == 0) {
        task->first_start_ms = world->now_ms;
        task->suspended_before_ms = world->suspended_ms;
    }
    if (task->is_over)
        world_fail(world, "%s %u: an attempt starts after its result", task_name(task),
                   task->number);
    if (task->is_final)
        world_fail(world, "%s %u: attempt %u follows a final answer", task_name(task), task->number,
                   task->attempts);
    if (task->renewals > 1)
        world_fail(world, "%s %u: attempt %u follows a second 401", task_name(task), task->number,
                   task->attempts);
    if (task->attempts > most && task->options.patience_ms == 0)
        world_fail(world, "%s %u: attempt %u with %d retries", task_name(task), task->number,
                   task->attempts, task->options.retries);
    check_time(task, world, request);
    if (task->action != C2D_ACTION_SEND)
        return;
    differs = content_differs_in_request(&task->content, request);
    if (differs != NULL)
        world_fail(world, "send %u: the %s of the request is not that of the message", task->number,
                   differs);
}

/* ---- The end ---- */

static void check_duration(const struct task *task, struct world *world)
{
    int64_t spent_ms = world->now_ms - task->first_start_ms;
    int64_t most_ms = task->options.timeout_ms + GRACE_MS;

    if (task->options.patience_ms > 0)
        most_ms = task->options.patience_ms + 2 * (most_ms + BACK_OFF_MAX_MS);
    /* With others, a failing hub is tried again by one operation at a time. */
    if (task->options.patience_ms > 0 && !task->was_alone)
        return;
    if (task->attempts == 0 || !task->is_blocking
        || world->suspended_ms != task->suspended_before_ms)
        return;
    if (spent_ms > most_ms)
        world_fail(world,
                   "%s %u: it took %lld ms, with a time-out of %d ms and a patience of %d ms",
                   task_name(task), task->number, (long long)spent_ms, task->options.timeout_ms,
                   task->options.patience_ms);
}

/* Whether a result may be certain depends on what the client got to see. */
static void check_doubt(const struct task *task, struct world *world)
{
    if (task->is_flagged && task->in_doubt == 0)
        world_fail(world,
                   "%s %u: reported in doubt, but every attempt got an answer or was not "
                   "written",
                   task_name(task), task->number);
    if (!task->is_flagged && task->in_doubt > 0)
        world_fail(world, "%s %u: %s without doubt, although %u attempts are in doubt",
                   task_name(task), task->number, c2d_status_name(task->status), task->in_doubt);
    if (task->status == C2D_UNKNOWN_OUTCOME && !task->is_flagged)
        world_fail(world, "%s %u: the outcome is unknown, but not reported in doubt",
                   task_name(task), task->number);
}

void task_check_end(struct task *task, struct world *world, const struct c2d_error *error,
                    int64_t purged)
{
    world_log(world, "%s %u ends: %s%s, %u attempts: %s", task_name(task), task->number,
              c2d_status_name(error->status), error->earlier_try_unanswered ? " (doubt)" : "",
              error->attempts, error->text);
    world_trace(world, &error->status, sizeof error->status);
    world_trace(world, error->text, strlen(error->text));
    if (task->is_over)
        world_fail(world, "%s %u ends twice", task_name(task), task->number);
    task->is_over = true;
    task->status = error->status;
    task->is_flagged = error->earlier_try_unanswered;
    if (error->attempts != task->attempts)
        world_fail(world, "%s %u: %u attempts are reported, %u were made", task_name(task),
                   task->number, error->attempts, task->attempts);
    if ((error->status == C2D_OK) != (error->text[0] == '\0'))
        world_fail(world, "%s %u: %s with the text '%s'", task_name(task), task->number,
                   c2d_status_name(error->status), error->text);
    check_duration(task, world);
    check_doubt(task, world);
    if (task->action == C2D_ACTION_PURGE && task->status == C2D_OK && purged != task->purged)
        world_fail(world, "purge %u: %lld messages are reported, %lld were removed", task->number,
                   (long long)purged, (long long)task->purged);
}

/* ---- The effect ---- */

void task_check_effect(const struct task *task, struct world *world)
{
    if (!task->is_over || task->is_dropped || task->action == C2D_ACTION_DEVICE_INFO)
        return;
    if (task->status == C2D_OK && task->applied == 0)
        world_fail(world, "%s %u: OK, but the hub did not do it", task_name(task), task->number);
    if (task->status == C2D_OK && task->applied > 1 && !task->is_flagged)
        world_fail(world, "%s %u: OK without doubt, but the hub did it %u times", task_name(task),
                   task->number, task->applied);
    if (task->status != C2D_OK && task->applied > 0 && !task->is_flagged)
        world_fail(world, "%s %u: %s without doubt, but the hub did it", task_name(task),
                   task->number, c2d_status_name(task->status));
    if (is_settlement(task) && task->applied > 1)
        world_fail(world, "%s %u: one lock was settled %u times", task_name(task), task->number,
                   task->applied);
    if (is_read(task) && task->status == C2D_OK && task->answer_lock == 0)
        world_fail(world, "%s %u: OK without an answer", task_name(task), task->number);
}
