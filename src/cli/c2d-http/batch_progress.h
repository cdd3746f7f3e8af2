/* The progress of a batch: one line on a terminal, erased at the end. */
#ifndef BATCH_PROGRESS_H
#define BATCH_PROGRESS_H

#include "../common/app.h"
#include "../common/status_line.h"

enum { BATCH_PROGRESS_MS = 500 };

struct batch_progress {
    bool is_shown; /* stderr is a terminal, without --quiet and --json */
    int64_t started_ms, shown_ms;
    int64_t first_ms; /* time of the first result of a request; 0: none yet */
    struct status_line *line;
};

struct batch_facts {
    long long done, failed; /* lines with a result, and those among them that failed */
    long long requested;    /* lines of this run that needed a request */
    double left;            /* lines that still need a request; below 0: not known */
};

void batch_progress_begin(struct batch_progress *progress, const struct app *app);
/* Updates the line at most every BATCH_PROGRESS_MS, or at once if other output has hidden it. Shows
 * nothing in the first second. */
void batch_progress_show(struct batch_progress *progress, const struct batch_facts *facts);
void batch_progress_end(struct batch_progress *progress);
/* Formats the line. passed_ms is the time since the first result of a request. */
void batch_progress_format(char *out, size_t size, const struct batch_facts *facts,
                           int64_t passed_ms);

#endif
