/* http: requests and responses as bytes. */
#ifndef SIM_HTTP_H
#define SIM_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evbuffer;

/* What a request may cost before it is refused. */
enum { HTTP_HEAD_MAX = 64 << 10, HTTP_BODY_MAX = 1 << 20, HTTP_HEADERS_MAX = 1000 };

struct http_request {
    char *head; /* owns the text that the members below point into; NULL: there is no request */
    const char *method;
    const char *target;
    struct http_header {
        char *name;
        char *value; /* without the blanks around it */
    } * headers;
    size_t header_count;
    char *body; /* followed by a NUL */
    size_t body_size;
    bool close; /* the client wants, or HTTP/1.0 demands, one answer per connection */
    bool expects_continue;
    /* The status of the answer that refuses the request for its HTTP; 0 if it is fit to serve.
     * A refused request may lack its method, its target and some headers: then they are "". */
    int problem;
};

struct http_response {
    int status;
    const char *reason;       /* NULL: the usual phrase */
    struct evbuffer *headers; /* whole lines, each with its CRLF */
    struct evbuffer *body;
    const char *raw; /* sent instead of an HTTP answer; NULL: none */
    /* How the answer leaves: all false, and cut_after -1, for the usual manner. */
    struct http_manner {
        bool close;        /* end the connection behind the answer */
        bool drop;         /* send nothing and close */
        bool reset;        /* where the connection is closed: by RST */
        bool bare_close;   /* close without TLS close_notify */
        bool unframed;     /* no length: the body ends with the connection */
        bool trickle;      /* one byte at a time */
        int64_t cut_after; /* send that many bytes and close */
        int64_t delay_ms;  /* of real time */
    } manner;
};

/* Takes over head, the bytes up to and with the empty line, and reads request from it. The
 * request's body_size is then what the client announced. */
void http_request_parse(struct http_request *request, char *head, size_t size);
/* The first header of that name, NULL if there is none. */
const char *http_request_header(const struct http_request *request, const char *name);
void http_request_clear(struct http_request *request);
/* Makes response an empty 200 in the usual manner. */
void http_response_reset(struct http_response *response);
/* Appends a header; an empty value stays a header. */
void http_response_header(struct http_response *response, const char *name, const char *value);
/* Appends the headers that frame the body. */
void http_response_frame(struct http_response *response);
/* Moves the bytes of the answer to wire. is_head: the body is announced and not sent. */
void http_response_write(struct http_response *response, bool is_head, struct evbuffer *wire);

#endif
