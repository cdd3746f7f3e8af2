#include "writer.h"

#include "../common/monotonic.h"
#include "../common/report.h"

#include <stdlib.h>
#include <time.h>

enum { LOCK_MS = C2D_LOCK_S * 1000 };

/* When the lock lapses, by the clock that is not set. */
static int64_t lock_end_ms(const struct c2d_message *message)
{
    int64_t left_ms = (message->lock_deadline_s - (int64_t)time(NULL)) * 1000;

    return monotonic_ms() + (left_ms > LOCK_MS ? LOCK_MS : left_ms);
}

struct dealt writer_put(void *context, const struct c2d_message *message, long long number)
{
    struct writer *writer = context;
    size_t size = 0;
    char *record = format_message(writer->format, message, number, &size);
    struct dealt dealt = { .handler_exit = -1 };

    if (record == NULL)
        dealt.status = report_failure(writer->app, C2D_OS, NULL, "out of memory");
    else
        dealt.status = sink_put(&writer->sink, writer->app, record, size, lock_end_ms(message));
    free(record);
    dealt.verdict = dealt.status != C2D_OK ? VERDICT_STOP
                    : writer->keep         ? VERDICT_LEAVE
                                           : VERDICT_COMPLETE;
    return dealt;
}
