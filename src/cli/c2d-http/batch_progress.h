/* How far a batch is, for a person who looks on: one line on a terminal, erased at the end. */
#ifndef BATCH_PROGRESS_H
#define BATCH_PROGRESS_H

#include "../common/app.h"

enum { BATCH_PROGRESS_MS = 500 };

struct batch_progress {
    bool is_shown; /* stderr is a terminal, and it is wanted */
    int64_t started_ms, shown_ms;
};

void batch_progress_begin(struct batch_progress *progress, const struct app *app);
/* done and failed lines; part of the input that is done, from 0 to 1, negative where that is not
 * known. At most every BATCH_PROGRESS_MS, and not in the first second. */
void batch_progress_show(struct batch_progress *progress, long long done, long long failed,
                         double part);
void batch_progress_erase(struct batch_progress *progress);

#endif
