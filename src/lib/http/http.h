/* Requests and answers as plain data, and the seam behind which they travel. */
#ifndef HTTP_H
#define HTTP_H

#include "base/buf.h"
#include "c2d.h"

/* What a response may have, and a request. */
enum {
    HTTP_HEADERS_MAX = 1000,
    HTTP_HEAD_SIZE_MAX = 128 * 1024,
    HTTP_BODY_SIZE_MAX = 1024 * 1024,
};

/* Names and values in the order they came. Texts live as long as the list is not added to. */
struct http_headers {
    struct buf text; /* name NUL value NUL … */
    struct http_header_place {
        size_t name, value;
    } * places;
    size_t count, capacity;
    bool skipping; /* the last line was skipped, and so is what continues it */
};

/* C2D_PROTOCOL for a name that is no token or a value with a control byte other than tab, as a
 * guard behind the checks of each operation; C2D_OS without memory. */
enum c2d_status http_headers_add(struct http_headers *headers, const char *name, const char *value,
                                 struct c2d_error *error);
/* Adds one line of a response, without its CRLF. Name and value keep all their bytes, control bytes
 * too, but lose outer blanks. A folded line continues the value before it. A line that is no header
 * is skipped. strict: C2D_PROTOCOL for Content-Length, Transfer-Encoding and ETag that two readers
 * could take in two ways. C2D_PROTOCOL also for a NUL in a header of the hub (iothub-...), and over
 * the limit; C2D_OS without memory. */
enum c2d_status http_headers_add_line(struct http_headers *headers, const char *line, size_t size,
                                      bool strict, struct c2d_error *error);
const char *http_header_name(const struct http_headers *headers, size_t index);
const char *http_header_value(const struct http_headers *headers, size_t index);
/* The last value under name, which is compared without case; NULL if there is none. */
const char *http_headers_get(const struct http_headers *headers, const char *name);
void http_headers_clear(struct http_headers *headers);

struct http_request {
    const char *method; /* a literal */
    struct buf url;
    size_t path_at; /* where the path begins in url */
    struct http_headers headers;
    /* A copy: while the request is under way another one's 401 may renew the token. Empty: none. */
    struct buf token;
    const char *authorization; /* token's text; NULL: none */
    const void *body;          /* borrowed */
    size_t body_size;
    int timeout_ms, connect_timeout_ms;
    bool fresh; /* over a new connection, whatever is kept */
};

void http_request_clear(struct http_request *request);

struct http_response {
    int status;
    struct http_headers headers;
    struct buf body;
};

void http_response_clear(struct http_response *response);

/* One finished exchange. error.status is C2D_OK for a response that counts: a whole success, or a
 * refusal (status 300 and over) with a complete head, whose body may be cut. Else error
 * says what happened, and response has no body, and headers only if its head was complete. */
struct http_done {
    void *tag;
    struct http_response response;
    struct c2d_error error;     /* retryable is set */
    bool written;               /* the request may have reached the hub */
    bool stale;                 /* it failed as a reused connection may: the hub is not to blame */
    bool asked_for_certificate; /* of the client, by whoever ends TLS */
    /* One that was kept from an earlier exchange does not tell of its handshake again. */
    struct c2d_connection connection;
};

/* All it does happens on the caller's thread, inside these calls. */
struct http_transport {
    /* Begins; request stays the caller's and unchanged until tag has come back. Never blocks. */
    enum c2d_status (*start)(void *self, const struct http_request *request, void *tag,
                             struct c2d_error *error);
    /* True with the next finished exchange; false when timeout_ms passed without one, or
     * earlier: when the watched descriptor is readable, or a signal came. Looks at 16 events at
     * most before it returns with timeout_ms 0. */
    bool (*wait)(void *self, int64_t timeout_ms, struct http_done *done);
    /* The descriptor that ends a wait when it is readable; -1: none. */
    void (*watch)(void *self, int fd);
    /* Gives an exchange up; its tag will not come back. */
    void (*cancel)(void *self, void *tag);
    void (*destroy)(void *self);
    /* A descriptor, the same for the transport's life, that is readable while wait() has something
     * to do; and from wake_ms on, of the monotonic clock, that was passed to wake_at() last. */
    int (*descriptor)(void *self);
    void (*wake_at)(void *self, int64_t wake_ms);
    void *self;
};

#endif
