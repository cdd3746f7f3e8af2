/* The structs and functions that the sources of the transport over libcurl share. */
#ifndef HTTP_CURL_TRANSFER_H
#define HTTP_CURL_TRANSFER_H

#include "http_curl_options.h"
#include "http_reader.h"
#include "tls_trust.h"

/* One transfer: a reused easy handle, and the response that it receives. */
struct transfer {
    struct transfer *next; /* of the list that this transfer is in */
    struct curl_transport *transport;
    void *easy;                         /* CURL */
    const struct http_request *request; /* NULL: the transfer is free */
    void *tag;
    struct buf head;          /* the request's headers, each followed by a NUL */
    struct curl_slist *lines; /* an array that points into head */
    size_t line_count;
    struct http_reader reader;
    bool opened;            /* a socket was opened for this transfer */
    bool connected;         /* and TCP was established */
    bool written;           /* the request may have been sent */
    bool reused;            /* over an existing connection */
    bool lacks_prereq;      /* libcurl is older than 7.80: see http_curl_callbacks.c */
    int64_t refused_ms;     /* when the head of a refusal was complete; 0: there is none */
    int64_t deadline_ms;    /* of the request's time-out */
    size_t received;        /* bytes of the response, when the deadline was last checked */
    unsigned trust_version; /* of the trust store that the last handshake used */
    struct tls_verdict tls;
    struct c2d_connection connection;
    char detail[256];       /* CURL_ERROR_SIZE */
    const char *bad_option; /* the first that libcurl has refused; NULL: none */
    int bad_option_code;    /* why, a CURLcode */
};

struct curl_transport {
    void *multi; /* CURLM */
    struct transfer *transfers;
    int transfer_count;  /* as many as were in flight at once */
    size_t running;      /* transfers that have a request */
    int64_t deadline_ms; /* no transfer has an earlier one */
    int64_t timer_ms;    /* when libcurl's timer expires; INT64_MAX: never */
    int64_t armed_ms;    /* when timer_fd expires; INT64_MAX: never */
    int64_t renew_ms;    /* when connections are replaced; INT64_MAX: libcurl does that */
    int renewals;        /* requests that still have to open a new connection */
    int events_fd;       /* an epoll of libcurl's sockets, timer_fd and watched_fd */
    int timer_fd;        /* for a main loop that waits for events_fd */
    int watched_fd;      /* ends a wait when readable, a duplicate of watched_original; -1: none */
    int watched_original;
    bool has_more; /* more finished transfers are queued in libcurl */
    struct curl_slist *connect_to;
    void *url; /* CURLU: https://HOST, parsed once; CURLOPT_REQUEST_TARGET has the path */
    struct http_curl_options options;
    struct tls_trust trust;
    struct tls_cache cache;
    bool certificate_requested; /* at any time: a resumed session does not request it again */
};

/* Creates a transfer with the options that are the same for every request. Returns C2D_CONFIG if
 * libcurl lacks one of them. */
enum c2d_status transfer_new(struct transfer **out, struct curl_transport *transport,
                             struct c2d_error *error);
void transfer_set_callbacks(struct transfer *transfer);
/* Sets an option of transfer->easy. The first that libcurl refuses fails the transfer's start. */
#define SET(transfer, option, value)                                                               \
    transfer_note_option(transfer, (int)curl_easy_setopt((transfer)->easy, option, value), #option)
void transfer_note_option(struct transfer *transfer, int code, const char *name);
/* Sets up and starts transfer->request. */
enum c2d_status transfer_start(struct transfer *transfer, struct c2d_error *error);
/* Passes a transfer that is set up to libcurl, also for the second time. */
bool transfer_begin(struct transfer *transfer);
/* Wipes and frees the data of the request: the transfer can be used for another. */
void transfer_release(struct transfer *transfer);
/* Fills in done from libcurl's code for the end of the transfer, and releases the transfer. */
void transfer_finish(struct transfer *transfer, int code, struct http_done *done);

/* Opens the descriptors. Returns false, with errno set, on failure. */
bool events_open(struct curl_transport *transport);
void events_close(struct curl_transport *transport);
/* Registers the callbacks for libcurl's sockets and timer. */
bool events_join(struct curl_transport *transport);
/* Calls libcurl if its timer has expired. */
void events_run_timer(struct curl_transport *transport, int64_t now_ms);
/* Waits up to left_ms and passes 16 events at most to libcurl. True: the wait is over. */
bool events_poll(struct curl_transport *transport, int64_t left_ms);
/* Returns the earliest of libcurl's timer, the deadlines and other_ms. */
int64_t events_due_ms(const struct curl_transport *transport, int64_t other_ms);
/* Functions of struct http_transport. */
void events_watch(void *self, int fd);
void events_wake_at(void *self, int64_t wake_ms);

/* Returns the authentication methods that may be used with proxy, as libcurl's bits. */
long transfer_proxy_methods(const struct proxy *proxy);

#endif
