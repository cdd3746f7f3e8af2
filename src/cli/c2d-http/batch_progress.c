#include "batch_progress.h"

#include "base/clock.h"

#include <unistd.h>

enum { FIRST_MS = 1000, MINUTE_S = 60, HOUR_S = 3600 };

void batch_progress_begin(struct batch_progress *progress, const struct app *app)
{
    *progress = (struct batch_progress) {
        .is_shown = isatty(STDERR_FILENO) && !app->common.quiet && !app->common.json,
        .started_ms = clock_monotonic_ms(NULL),
        .line = app->line,
    };
}

void batch_progress_format(char *out, size_t size, const struct batch_facts *facts,
                           int64_t passed_ms)
{
    char speed[32] = "", left[48] = "";
    double rate, left_s;

    snprintf(out, size, "%lld done, %lld failed", facts->done, facts->failed);
    if (facts->requested < 2 || passed_ms <= 0)
        return;
    rate = (double)(facts->requested - 1) * 1000 / (double)passed_ms;
    left_s = facts->left / rate;
    if (rate < 1)
        snprintf(speed, sizeof speed, ", %.0f/min", rate * 60);
    else
        snprintf(speed, sizeof speed, rate < 10 ? ", %.1f/s" : ", %.0f/s", rate);
    if (left_s > 2 * HOUR_S)
        snprintf(left, sizeof left, ", %.0f h left", left_s / HOUR_S);
    else if (left_s > 2 * MINUTE_S)
        snprintf(left, sizeof left, ", %.0f min left", left_s / MINUTE_S);
    else if (left_s >= 0)
        snprintf(left, sizeof left, ", %.0f s left", left_s);
    snprintf(out, size, "%lld done, %lld failed%s%s", facts->done, facts->failed, speed, left);
}

void batch_progress_show(struct batch_progress *progress, const struct batch_facts *facts)
{
    int64_t now_ms = progress->is_shown ? clock_monotonic_ms(NULL) : 0;
    char text[160];

    if (!progress->is_shown)
        return;
    if (progress->first_ms == 0 && facts->requested > 0)
        progress->first_ms = now_ms;
    if (now_ms - progress->started_ms < FIRST_MS
        || (progress->line->columns > 0 && now_ms - progress->shown_ms < BATCH_PROGRESS_MS))
        return;
    progress->shown_ms = now_ms;
    batch_progress_format(text, sizeof text, facts, now_ms - progress->first_ms);
    status_line_show(progress->line, text);
}

void batch_progress_end(struct batch_progress *progress)
{
    status_line_hide(progress->line);
}
