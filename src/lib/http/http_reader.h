/* Receives a response line by line and piece by piece, checks limits and whether it is usable. */
#ifndef HTTP_READER_H
#define HTTP_READER_H

#include "http.h"

struct http_reader {
    struct http_response response; /* status 0: no status line yet */
    size_t header_bytes;
    bool head_complete;      /* the empty line was received */
    bool framed;             /* by Content-Length or chunked: truncation can be detected */
    struct c2d_error broken; /* why a line or piece was refused */
};

void http_reader_init(struct http_reader *reader);
/* Adds one line of a head, with its line end. A status line starts a new head: only the last one is
 * kept (after 100 Continue). Returns false, with broken set, if the response is refused. */
bool http_reader_line(struct http_reader *reader, const char *line, size_t size);
/* Adds a piece of the body. Returns false, with broken set, if the response is refused. Returns
 * false, with broken unchanged, if the body of a refusal reaches its limit. */
bool http_reader_body(struct http_reader *reader, const char *data, size_t size);
/* True for a refusal (status 300 and over) with a complete head. */
bool http_reader_is_refusal(const struct http_reader *reader);
/* True if the response is usable. A refusal is, whatever its body. A success is only if it is
 * complete: the transfer ended_well, and the body is framed, unless it is a 204. */
bool http_reader_counts(const struct http_reader *reader, bool ended_well);
/* True if the response is complete by its Content-Length, although the transfer has not ended.
 * False for chunked bodies: this reader does not see their end. */
bool http_reader_is_whole(const struct http_reader *reader);
void http_reader_clear(struct http_reader *reader);

#endif
