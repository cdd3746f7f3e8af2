/* Messages as records on stdout or in a file. */
#ifndef WRITER_H
#define WRITER_H

#include "../common/sink.h"
#include "drain.h"
#include "format.h"

struct writer {
    const struct app *app;
    bool keep; /* settle nothing */
    enum format format;
    struct sink sink;
};

/* A drain_deal() whose context is the writer. Local trouble leaves the message: an abandon would
 * cost it one of its ten deliveries. */
struct dealt writer_put(void *writer, const struct c2d_message *message, long long number,
                        int64_t deadline_ms);

#endif
