#include "writer.h"

#include "../common/report.h"
#include "base/error.h"

#include <stdlib.h>

struct disposition writer_put(void *context, const struct c2d_message *message, long long number,
                              int64_t deadline_ms)
{
    struct writer *writer = context;
    size_t size = 0;
    char *record = format_message(writer->format, message, number, &size);
    struct disposition disposition = { .handler_exit = -1 };
    struct c2d_error error = { 0 };

    disposition.status = record == NULL
                             ? fail_memory(&error)
                             : sink_put(&writer->sink, record, size, deadline_ms, &error);
    report_error(writer->sink.app, &error, NULL);
    free(record);
    disposition.kind = disposition.status != C2D_OK ? DISPOSITION_STOP
                       : writer->keep               ? DISPOSITION_LEAVE
                                                    : DISPOSITION_COMPLETE;
    return disposition;
}
