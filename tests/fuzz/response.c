#include "response.h"

#include <string.h>

static bool is_head_needed(const struct http_reader *reader)
{
    return !reader->head_complete || reader->response.status / 100 == 1;
}

bool response_read(struct http_reader *reader, const char *data, size_t size)
{
    const char *end = data + size;
    size_t half;

    http_reader_init(reader);
    while (data < end && is_head_needed(reader)) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        const char *next = newline == NULL ? end : newline + 1;

        if (!http_reader_line(reader, data, (size_t)(next - data)))
            return false;
        data = next;
    }
    half = (size_t)(end - data) / 2;
    return http_reader_body(reader, data, half)
           && http_reader_body(reader, data + half, (size_t)(end - data) - half);
}
