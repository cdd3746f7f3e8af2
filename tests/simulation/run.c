#include "run.h"

#include "workload.h"

#include <string.h>
#include <sys/types.h>

/* Of the run under way. */
static struct world *current;

/* Replaces the system's randomness, of which the library makes message ids: a seed repeats a run.
 */
ssize_t __wrap_getrandom(void *out, size_t size, unsigned flags);

ssize_t __wrap_getrandom(void *out, size_t size, unsigned flags)
{
    unsigned char *bytes = out;

    (void)flags;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)chance_next(&current->noise);
    return (ssize_t)size;
}

/* Replaces the clock of the drain. That of the library is an argument. */
int64_t __wrap_clock_monotonic_ms(void *context);

int64_t __wrap_clock_monotonic_ms(void *context)
{
    (void)context;
    return current->now_ms;
}

static enum step_kind choose_kind(struct chance *chance)
{
    static const unsigned char weights[STEP_KINDS] = {
        [STEP_SEND] = 50,    [STEP_RECEIVE] = 45, [STEP_SETTLE] = 40,  [STEP_FEEDBACK] = 12,
        [STEP_PURGE] = 4,    [STEP_INFO] = 4,     [STEP_COLLECT] = 30, [STEP_PASS] = 16,
        [STEP_CANCEL] = 8,   [STEP_SUSPEND] = 3,  [STEP_CLOCK] = 2,    [STEP_WEATHER] = 8,
        [STEP_REGISTRY] = 6, [STEP_DRAIN] = 8,    [STEP_FREE] = 3,     [STEP_FEEDBACK_SETTLE] = 10,
    };

    return (enum step_kind)chance_weighted(chance, weights, STEP_KINDS);
}

void run_execute(uint64_t seed, const bool *skipped, bool shows, struct run_result *result)
{
    struct workload workload = { 0 };
    struct chance length = chance_from(seed, 0, 2);
    size_t count = (size_t)chance_between(&length, 10, RUN_STEPS_MAX);

    workload_init(&workload, seed);
    current = &workload.world;
    workload.world.shows = shows;
    for (size_t i = 0; i < count && workload.world.violation[0] == '\0'; i++) {
        /* Of its own for each step: leaving one out changes no other. */
        struct chance chance = chance_from(seed, 1, i);
        enum step_kind kind = choose_kind(&chance);

        if (skipped == NULL || !skipped[i])
            workload_step(&workload, kind, (unsigned)i + 1, &chance);
    }
    result->step_count = count;
    result->operations = workload.task_count;
    workload_finish(&workload);
    result->trace = workload.world.trace;
    memcpy(result->violation, workload.world.violation, sizeof result->violation);
}
