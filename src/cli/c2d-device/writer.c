#include "writer.h"

#include "../common/report.h"

#include <stdlib.h>

struct disposition writer_put(void *context, const struct c2d_message *message, long long number,
                              int64_t deadline_ms)
{
    struct writer *writer = context;
    size_t size = 0;
    char *record = format_message(writer->format, message, number, &size);
    struct disposition disposition = { .handler_exit = -1 };

    if (record == NULL)
        disposition.status = report_failure(writer->app, C2D_OS, NULL, "out of memory");
    else
        disposition.status = sink_put(&writer->sink, writer->app, record, size, deadline_ms);
    free(record);
    disposition.kind = disposition.status != C2D_OK ? DISPOSITION_STOP
                       : writer->keep               ? DISPOSITION_LEAVE
                                                    : DISPOSITION_COMPLETE;
    return disposition;
}
