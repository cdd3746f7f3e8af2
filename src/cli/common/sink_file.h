/* Appends records to a file, and repairs its last line after a crash or an editor. */
#ifndef SINK_FILE_H
#define SINK_FILE_H

#include "sink_type.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Returns the offset of the next line: after the last line, even if only its newline is missing,
 * but before a torn record. Returns -1 with errno set if the file cannot be read. */
off_t sink_file_end(int fd);
/* Appends data and syncs it to disk. Returns false with errno set; ETIMEDOUT: deadline_ms, by
 * clock_monotonic_ms(NULL), has passed. Then the record is removed if possible. */
bool sink_file_put(const struct sink *sink, const char *data, size_t size, int64_t deadline_ms);

#endif
