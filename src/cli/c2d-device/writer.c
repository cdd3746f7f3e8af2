#include "writer.h"

#include "../common/report.h"

#include <stdlib.h>

struct dealt writer_put(void *context, const struct c2d_message *message, long long number,
                        int64_t deadline_ms)
{
    struct writer *writer = context;
    size_t size = 0;
    char *record = format_message(writer->format, message, number, &size);
    struct dealt dealt = { .handler_exit = -1 };

    if (record == NULL)
        dealt.status = report_failure(writer->app, C2D_OS, NULL, "out of memory");
    else
        dealt.status = sink_put(&writer->sink, writer->app, record, size, deadline_ms);
    free(record);
    dealt.verdict = dealt.status != C2D_OK ? VERDICT_STOP
                    : writer->keep         ? VERDICT_LEAVE
                                           : VERDICT_COMPLETE;
    return dealt;
}
