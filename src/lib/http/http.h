/* Requests and responses as plain data, and the interface of the transport that sends them. */
#ifndef HTTP_H
#define HTTP_H

#include "base/buf.h"
#include "c2d.h"

/* Limits of requests and responses. */
enum {
    HTTP_HEADERS_MAX = 1000,
    HTTP_HEAD_SIZE_MAX = 128 * 1024,
    HTTP_BODY_SIZE_MAX = 1024 * 1024,
};

/* Names and values in the order they were added. Adding one invalidates pointers to the others. */
struct http_headers {
    struct buf text; /* name NUL value NUL … */
    struct http_header_place {
        size_t name, value;
    } * places;
    size_t count, capacity;
    bool skipping; /* the last line was skipped: so are its folded lines */
};

/* Adds a header of a request. Returns C2D_PROTOCOL if name is not a token or value has a control
 * byte other than tab: a safeguard, as each operation checks its values before. */
enum c2d_status http_headers_add(struct http_headers *headers, const char *name, const char *value,
                                 struct c2d_error *error);
/* Adds one line of a response, without its CRLF. Name and value keep all bytes, also control bytes,
 * but for outer blanks. A folded line is appended to the previous value. A line that is not a
 * header is skipped. strict: returns C2D_PROTOCOL if Content-Length, Transfer-Encoding or ETag is
 * ambiguous. Also C2D_PROTOCOL for a NUL in a header of the hub (iothub-...), and over the limit.
 */
enum c2d_status http_headers_add_line(struct http_headers *headers, const char *line, size_t size,
                                      bool strict, struct c2d_error *error);
const char *http_header_name(const struct http_headers *headers, size_t index);
const char *http_header_value(const struct http_headers *headers, size_t index);
/* Returns the last value of name, which is compared without case, or NULL. */
const char *http_headers_get(const struct http_headers *headers, const char *name);
void http_headers_clear(struct http_headers *headers);

struct http_request {
    const char *method; /* a string literal */
    struct buf url;
    size_t path_at; /* where the path begins in url */
    struct http_headers headers;
    /* A copy: a 401 of another request may renew the token while this one is in flight. */
    struct buf token;
    const char *authorization; /* token's text; NULL: none */
    const void *body;          /* borrowed */
    size_t body_size;
    int timeout_ms, connect_timeout_ms;
    bool fresh; /* use a new connection */
};

void http_request_clear(struct http_request *request);

struct http_response {
    int status;
    struct http_headers headers;
    struct buf body;
};

void http_response_clear(struct http_response *response);

/* One finished exchange. error.status is C2D_OK for a usable response: a complete success, or a
 * refusal (status 300 and over) with a complete head, whose body may be truncated. Otherwise error
 * is the failure, and response has no body, and headers only if its head was complete. */
struct http_done {
    void *tag;
    struct http_response response;
    struct c2d_error error;     /* retryable is set */
    bool written;               /* the request may have reached the hub */
    bool stale;                 /* a failure that a reused connection may cause, not the hub */
    bool certificate_requested; /* the TLS peer has requested a client certificate */
    /* Empty for a success over a reused connection. */
    struct c2d_connection connection;
};

/* All work is done on the caller's thread, within these calls. */
struct http_transport {
    /* Starts an exchange. The caller keeps request unchanged until wait() returns tag. Does not
     * block. */
    enum c2d_status (*start)(void *self, const struct http_request *request, void *tag,
                             struct c2d_error *error);
    /* Returns true with the next finished exchange. Returns false after timeout_ms, or earlier if
     * the watched descriptor is readable or a signal arrived. With timeout_ms 0 it handles 16
     * events at most. */
    bool (*wait)(void *self, int64_t timeout_ms, struct http_done *done);
    /* Sets the descriptor that ends a wait when it is readable; -1: none. */
    void (*watch)(void *self, int fd);
    /* Cancels an exchange: wait() will not return its tag. */
    void (*cancel)(void *self, void *tag);
    void (*destroy)(void *self);
    /* Returns a descriptor, always the same, that is readable while wait() has something to do. It
     * is also readable from the time on that was last passed to wake_at(): of the monotonic clock.
     */
    int (*descriptor)(void *self);
    void (*wake_at)(void *self, int64_t wake_ms);
    void *self;
};

#endif
