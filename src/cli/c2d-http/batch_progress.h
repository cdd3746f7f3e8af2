/* How far a batch is, for a person who looks on: one line on a terminal, erased at the end. */
#ifndef BATCH_PROGRESS_H
#define BATCH_PROGRESS_H

#include "../common/app.h"
#include "../common/status_line.h"

enum { BATCH_PROGRESS_MS = 500 };

struct batch_progress {
    bool is_shown; /* stderr is a terminal, and it is wanted */
    int64_t started_ms, shown_ms;
    int64_t first_ms; /* when the first result of a request came; 0: not yet */
    struct status_line line;
};

struct batch_facts {
    long long done, failed; /* lines with a result, and those of them that were not sent */
    long long asked;        /* lines of this run that took a request */
    double left;            /* lines that will take one; below 0: not known */
};

void batch_progress_begin(struct batch_progress *progress, struct app *app);
/* At most every BATCH_PROGRESS_MS, unless another line has hidden it; not in the first second. */
void batch_progress_show(struct batch_progress *progress, const struct batch_facts *facts);
void batch_progress_end(struct batch_progress *progress, struct app *app);
/* The line itself; passed_ms have passed since the first result of a request. */
void batch_progress_format(char *out, size_t size, const struct batch_facts *facts,
                           int64_t passed_ms);

#endif
