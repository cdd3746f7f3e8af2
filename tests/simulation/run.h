/* One run: a workload that a seed determines, on the library over the model network and hub. */
#ifndef RUN_H
#define RUN_H

#include "network.h"

enum { RUN_STEPS_MAX = 400 };

struct run_result {
    char violation[512]; /* "": none */
    uint64_t trace;
    size_t step_count;
    uint64_t operations;
};

/* Runs the workload of seed. skipped[i] leaves out step i; NULL: none. shows prints the trace. */
void run_execute(uint64_t seed, const bool *skipped, bool shows, struct run_result *result);

#endif
