/* Writes messages as records to stdout or a file. */
#ifndef WRITER_H
#define WRITER_H

#include "../common/sink.h"
#include "drain.h"
#include "format.h"

struct writer {
    bool keep; /* settle nothing */
    enum format format;
    struct sink sink;
};

/* A drain_process function whose context is the writer. A local error leaves the message: an
 * abandon would count as one of its ten deliveries. */
struct disposition writer_put(void *writer, const struct c2d_message *message, long long number,
                              int64_t deadline_ms);

#endif
