#include "batch_progress.h"

#include "../common/monotonic.h"

#include <unistd.h>

enum { FIRST_MS = 1000 };

void batch_progress_begin(struct batch_progress *progress, const struct app *app)
{
    *progress = (struct batch_progress) {
        .is_shown = isatty(STDERR_FILENO) && !app->common.quiet && !app->common.json,
        .started_ms = monotonic_ms(),
    };
}

void batch_progress_show(struct batch_progress *progress, long long done, long long failed,
                         double part)
{
    int64_t now_ms = progress->is_shown ? monotonic_ms() : 0;
    int64_t passed_ms = now_ms - progress->started_ms;

    if (!progress->is_shown || passed_ms < FIRST_MS
        || now_ms - progress->shown_ms < BATCH_PROGRESS_MS)
        return;
    progress->shown_ms = now_ms;
    fprintf(stderr, "\r%lld done, %lld failed, %lld/s", done, failed, done * 1000 / passed_ms);
    /* A file that is still written to may be read past what it was. */
    if (part > 0.001 && part <= 1)
        fprintf(stderr, ", %lld s left", (long long)((double)passed_ms / 1000 * (1 - part) / part));
    fputs("\033[K", stderr);
    fflush(stderr);
}

void batch_progress_erase(struct batch_progress *progress)
{
    if (progress->shown_ms != 0)
        fputs("\r\033[K", stderr);
    progress->shown_ms = 0;
}
