/* What the parts of the transport over libcurl share. No header of libcurl is needed for it. */
#ifndef HTTP_CURL_TRANSFER_H
#define HTTP_CURL_TRANSFER_H

#include "http_curl_options.h"
#include "http_reader.h"
#include "tls_trust.h"

/* One transfer: an easy handle that is used again and again, and the answer that it gathers. */
struct transfer {
    struct transfer *next; /* of the list that this transfer is in */
    struct curl_transport *transport;
    void *easy;                         /* CURL */
    const struct http_request *request; /* NULL: the transfer is free */
    void *tag;
    struct curl_slist *lines; /* the request's headers */
    struct http_reader reader;
    bool opened;            /* a socket, for this transfer */
    bool written;           /* the request may have left */
    bool reused;            /* over a connection that was kept */
    int64_t refused_ms;     /* when a refusal's head was complete; 0: it was not */
    int64_t deadline_ms;    /* the request's time-out ends then */
    size_t received;        /* bytes of the response, when the deadline was last checked */
    unsigned trust_version; /* of what the last handshake could look in */
    struct tls_verdict tls;
    struct c2d_connection connection;
    char detail[256]; /* CURL_ERROR_SIZE */
};

struct curl_transport {
    void *multi; /* CURLM */
    struct transfer *transfers;
    size_t running;      /* transfers that have a request */
    int64_t deadline_ms; /* no transfer's is earlier */
    int64_t timer_ms;    /* when libcurl wants to be called without an event; INT64_MAX: never */
    int64_t armed_ms;    /* when timer_fd fires; INT64_MAX: never */
    int events_fd;       /* an epoll of libcurl's sockets, timer_fd and watched_fd */
    int timer_fd;        /* for whoever waits for events_fd elsewhere */
    int watched_fd;      /* ends a wait, a copy of watched_original; -1: none */
    int watched_original;
    bool has_more; /* transfers that have ended and are not handed out */
    struct curl_slist *connect_to;
    struct buf url; /* of the hub; what is behind it is each request's own, and not parsed again */
    struct http_curl_options options;
    struct tls_trust trust;
    struct tls_cache cache;
    bool asked_for_certificate; /* ever: a session that is resumed does not ask again */
};

/* A transfer with all that holds for every request; NULL without memory. */
struct transfer *transfer_new(struct curl_transport *transport);
/* Sets up and begins transfer->request; false without memory. */
bool transfer_start(struct transfer *transfer);
/* Hands a transfer that is set up to libcurl, once more. */
bool transfer_begin(struct transfer *transfer);
/* Wipes what belongs to one request: the transfer is free. */
void transfer_release(struct transfer *transfer);
/* Fills in done by libcurl's code for the end of a transfer, which is released. */
void transfer_finish(struct transfer *transfer, int code, struct http_done *done);

/* Opens the descriptors; false, with errno, where that fails. */
bool events_open(struct curl_transport *transport);
void events_close(struct curl_transport *transport);
/* Has libcurl report its sockets and its timer. */
bool events_join(struct curl_transport *transport);
/* Calls libcurl if its time has come. */
void events_run_timer(struct curl_transport *transport, int64_t now_ms);
/* Passes on what happens within left_ms, 16 events at most; true if that ends the wait. */
bool events_look(struct curl_transport *transport, int64_t left_ms);
/* When something is due by time; at other_ms at the latest. */
int64_t events_due_ms(const struct curl_transport *transport, int64_t other_ms);
/* Two functions of the transport's seam. */
void events_watch(void *self, int fd);
void events_wake_at(void *self, int64_t wake_ms);

/* Appends "name separator value" to lines; false without memory. */
bool transfer_append_line(struct curl_slist **lines, const char *name, const char *separator,
                          const char *value);
/* Which of a proxy's methods may be used, as libcurl's bits. */
long transfer_proxy_methods(const struct proxy *proxy);

#endif
