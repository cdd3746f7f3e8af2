/* Runs the simulation: many seeds for a time, or one seed, and shrinks what fails. */
#include "run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
    "usage: simulation seconds SECONDS [FIRST-SEED]   run seed after seed for a time\n"
    "       simulation operations COUNT [FIRST-SEED]  run seed after seed for that many "
    "operations\n"
    "       simulation seed SEED [STEP,STEP,...]      show one run, or only some of its steps\n";

enum { REPEATED_RUNS = 50 /* these are run twice, and must be the same */ };

/* ---- Shrinking ---- */

/* True if two violations differ in numbers only. */
static bool is_same_kind(const char *a, const char *b)
{
    static const char digits[] = "0123456789";

    while (*a != '\0' || *b != '\0') {
        a += strspn(a, digits);
        b += strspn(b, digits);
        if (*a != *b)
            return false;
        a += *a != '\0';
        b += *b != '\0';
    }
    return true;
}

/* Leaves out steps, in blocks of ever smaller size, as long as the run still fails in the same way.
 */
static void shrink(uint64_t seed, struct run_result *failed, bool *skipped)
{
    struct run_result result;

    for (size_t block = failed->step_count / 2; block > 0; block /= 2)
        for (size_t at = 0; at < failed->step_count; at += block) {
            bool before[RUN_STEPS_MAX];

            memcpy(before, skipped, sizeof before);
            for (size_t i = at; i < at + block && i < failed->step_count; i++)
                skipped[i] = true;
            run_execute(seed, skipped, false, &result);
            if (is_same_kind(result.violation, failed->violation))
                *failed = result;
            else
                memcpy(skipped, before, sizeof before);
        }
}

static void report(uint64_t seed, struct run_result *failed)
{
    bool skipped[RUN_STEPS_MAX] = { false };
    const char *separator = " ";

    shrink(seed, failed, skipped);
    printf("seed %" PRIu64 ": %s\nrepeat it: scripts/simulate %" PRIu64, seed, failed->violation,
           seed);
    for (size_t i = 0; i < failed->step_count; i++)
        if (!skipped[i]) {
            printf("%s%zu", separator, i + 1);
            separator = ",";
        }
    printf("\n");
}

/* ---- Runs ---- */

struct total {
    uint64_t runs, operations, failures;
};

/* Returns false if the run violates an invariant. */
static bool run_seed(uint64_t seed, struct total *total)
{
    struct run_result result, again;

    run_execute(seed, NULL, false, &result);
    if (total->runs++ < REPEATED_RUNS && result.violation[0] == '\0') {
        run_execute(seed, NULL, false, &again);
        if (again.trace != result.trace)
            snprintf(result.violation, sizeof result.violation, "two runs of the seed differ");
    }
    total->operations += result.operations;
    if (result.violation[0] == '\0')
        return true;
    report(seed, &result);
    total->failures++;
    return false;
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Runs until one of both is reached; 0: no limit. Ends at the fifth seed that fails. */
static int run_many(double seconds, uint64_t operations, uint64_t seed)
{
    double start_s = now_s();
    struct total total = { 0 };

    while ((seconds <= 0 || now_s() - start_s < seconds)
           && (operations == 0 || total.operations < operations) && total.failures < 5)
        run_seed(seed++, &total);
    printf("%" PRIu64 " operations in %" PRIu64 " runs, %.0f a second; next seed %" PRIu64 "\n",
           total.operations, total.runs, (double)total.operations / (now_s() - start_s), seed);
    printf("%d passed, %d failed\n", total.failures == 0, total.failures != 0);
    return total.failures == 0 ? 0 : 1;
}

static void read_steps(const char *text, bool *skipped)
{
    memset(skipped, true, RUN_STEPS_MAX * sizeof *skipped);
    while (*text != '\0') {
        char *end;
        unsigned long step = strtoul(text, &end, 10);

        if (step >= 1 && step <= RUN_STEPS_MAX)
            skipped[step - 1] = false;
        text = *end == ',' ? end + 1 : "";
    }
}

static int show(uint64_t seed, const char *steps)
{
    bool skipped[RUN_STEPS_MAX] = { false };
    struct run_result result;

    if (steps != NULL)
        read_steps(steps, skipped);
    run_execute(seed, skipped, true, &result);
    printf("%s\n", result.violation[0] == '\0' ? "no violation" : result.violation);
    return result.violation[0] == '\0' ? 0 : 1;
}

int main(int argc, char **argv)
{
    uint64_t number, third;

    if (argc < 3 || argc > 4) {
        fputs(usage, stderr);
        return 64;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    /* The drain reports its errors, of which there are many. */
    if (freopen("/dev/null", "w", stderr) == NULL)
        return 74;
    number = strtoull(argv[2], NULL, 10);
    third = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    if (strcmp(argv[1], "seconds") == 0)
        return run_many((double)number, 0, third);
    if (strcmp(argv[1], "operations") == 0)
        return run_many(0, number, third);
    return show(number, argc > 3 ? argv[3] : NULL);
}
