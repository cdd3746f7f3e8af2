/* An answer as it comes in, line by line and piece by piece: is it within the limits, and whole? */
#ifndef HTTP_READER_H
#define HTTP_READER_H

#include "http.h"

struct http_reader {
    struct http_response response; /* status is not set here */
    size_t header_bytes;
    bool head_complete;      /* the empty line has come */
    bool framed;             /* Content-Length or chunked: its end can be told from a cut */
    struct c2d_error broken; /* why a line or piece was refused */
};

void http_reader_init(struct http_reader *reader);
/* One line of a head with its line end; a status line begins anew, so that only the last head
 * counts (after 100 Continue). False, with broken set, when it is refused. */
bool http_reader_line(struct http_reader *reader, const char *line, size_t size);
bool http_reader_body(struct http_reader *reader, const char *data, size_t size);
/* Did the head end, and was the body, if status allows one, framed? */
bool http_reader_is_whole(const struct http_reader *reader, int status);
void http_reader_clear(struct http_reader *reader);

#endif
