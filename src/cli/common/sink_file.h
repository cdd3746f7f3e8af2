/* Records at the end of a file, and the last line that a crash or an editor has left there. */
#ifndef SINK_FILE_H
#define SINK_FILE_H

#include "app.h"
#include "sink_type.h"

#include <sys/types.h>

/* Where the next line begins or is going to begin: after the last line, also if that is whole but
 * for its newline, but before one that is the beginning of a record and will be cut off. -1 with
 * errno set when the file cannot be read. */
off_t sink_file_end(int fd);
/* Appends data and puts it on the disk. False with errno set, ETIMEDOUT if that took longer than to
 * deadline_ms of clock_monotonic_ms(NULL): then nothing of it is left, where that is possible. */
bool sink_file_put(const struct sink *sink, const struct app *app, const char *data, size_t size,
                   int64_t deadline_ms);

#endif
