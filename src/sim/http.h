/* Parses HTTP requests and writes HTTP responses, as bytes. Knows no sockets. */
#ifndef SIM_HTTP_H
#define SIM_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evbuffer;

/* Limits of a request. A larger one is refused. */
enum { HTTP_HEAD_MAX = 64 << 10, HTTP_BODY_MAX = 1 << 20, HTTP_HEADERS_MAX = 1000 };

struct http_request {
    char *head; /* owns the text that the members below point into; NULL: no request */
    const char *method;
    const char *target;
    struct http_header {
        char *name;
        char *value; /* without surrounding blanks */
    } * headers;
    size_t header_count;
    char *body; /* followed by a NUL */
    size_t body_size;
    bool close; /* asked for by the client, or HTTP/1.0: the response is the last */
    bool expects_continue;
    /* The status that refuses a request with invalid HTTP; 0: valid. A refused request may lack
     * headers, and its method and target may be "". */
    int problem;
};

struct http_response {
    int status;
    const char *reason;       /* NULL: the usual phrase */
    struct evbuffer *headers; /* complete lines, each with CRLF */
    struct evbuffer *body;
    const char *raw; /* sent instead of an HTTP response; NULL: none */
    /* How the response is sent. Default: all false or 0, and cut_after -1. */
    struct http_send_options {
        bool close;        /* close the connection after the response */
        bool drop;         /* send nothing and close */
        bool reset;        /* if the connection is closed: with RST */
        bool bare_close;   /* close without TLS close_notify */
        bool unframed;     /* no Content-Length: the end of the connection ends the body */
        bool trickle;      /* one byte at a time */
        int64_t cut_after; /* close after so many bytes; -1: send all */
        int64_t delay_ms;  /* before the response, in real time */
    } send_options;
};

/* Parses head, the bytes up to the empty line, which is included. request takes ownership of it.
 * body_size is then the announced size. */
void http_request_parse(struct http_request *request, char *head, size_t size);
/* Returns the value of the first header with this name; NULL: not found. */
const char *http_request_header(const struct http_request *request, const char *name);
void http_request_clear(struct http_request *request);
/* Makes response an empty 200 with the default send_options. */
void http_response_reset(struct http_response *response);
/* Appends a header, also if value is empty. */
void http_response_header(struct http_response *response, const char *name, const char *value);
/* Appends Content-Length and Connection, if they apply. */
void http_response_frame(struct http_response *response);
/* Moves the bytes of the response to wire. is_head: without the body, as for HEAD. */
void http_response_write(struct http_response *response, bool is_head, struct evbuffer *wire);

#endif
