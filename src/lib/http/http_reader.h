/* A response as it comes in, line by line and piece by piece: is it within the limits, and does it
 * count? */
#ifndef HTTP_READER_H
#define HTTP_READER_H

#include "http.h"

struct http_reader {
    struct http_response response; /* status 0: no status line yet */
    size_t header_bytes;
    bool head_complete;      /* the empty line has come */
    bool framed;             /* Content-Length or chunked: its end can be told from a cut */
    struct c2d_error broken; /* why a line or piece was refused */
};

void http_reader_init(struct http_reader *reader);
/* One line of a head with its line end; a status line begins anew, so that only the last head
 * counts (after 100 Continue). False, with broken set, when it is refused. */
bool http_reader_line(struct http_reader *reader, const char *line, size_t size);
/* False also when a refusal's body reaches its limit; broken is not set then. */
bool http_reader_body(struct http_reader *reader, const char *data, size_t size);
/* Is it a refusal (status 300 and over) whose head is complete? */
bool http_reader_is_refusal(const struct http_reader *reader);
/* Does the response count? A refusal does, however its body is framed or ends. A success does only
 * if it is whole: its body is framed, unless it is a 204, and the transfer ended_well. */
bool http_reader_counts(const struct http_reader *reader, bool ended_well);
/* Has all of it come, by its own headers, although the transfer did not end? False if it is
 * chunked: that cannot be told from them. */
bool http_reader_is_whole(const struct http_reader *reader);
void http_reader_clear(struct http_reader *reader);

#endif
