/* A scripted hub: its transport records each request and plays the given replies. Its clock moves
 * only while the library waits, so tests take no real time. */
#ifndef SCRIPT_H
#define SCRIPT_H

#include "engine/client.h"
#include "table.h"

#define HUB "hub.azure-devices.net"
/* The keys are canaries: they must not be in any output. */
#define DEVICE_KEY "Y2FuYXJ5LWtleS1vZi1kZXYx"
#define SERVICE_KEY "Y2FuYXJ5LWtleS1vZi1odWIh"
#define DEVICE_STRING "HostName=" HUB ";DeviceId=dev1;SharedAccessKey=" DEVICE_KEY
#define SERVICE_STRING "HostName=" HUB ";SharedAccessKeyName=service;SharedAccessKey=" SERVICE_KEY

enum {
    SCRIPT_REPLIES = 32,
    SCRIPT_HEADERS = 14,
    SCRIPT_START_S = 1767225600, /* 2026-01-01T00:00:00Z, unless the test says otherwise */
};

/* Headers of replies, for a script that starts at SCRIPT_START_S. */
#define DATE_2_H_BACK "Date: Wed, 31 Dec 2025 22:00:00 GMT"
#define DATE_2_H_AHEAD "Date: Thu, 01 Jan 2026 02:00:00 GMT"
#define DATE_8_S_AHEAD "Date: Thu, 01 Jan 2026 00:00:08 GMT"
#define DATE_8_S_BACK "Date: Wed, 31 Dec 2025 23:59:52 GMT"
#define DATE_2070 "Date: Wed, 01 Jan 2070 00:00:00 GMT"

struct script_reply {
    int status;                          /* HTTP; 0: no response, for the reason in failure */
    const char *headers[SCRIPT_HEADERS]; /* "Name: value" */
    const char *body;
    size_t body_size; /* 0: strlen(body) */
    enum c2d_status failure;
    const char *failure_text;
    bool final;       /* the failure is permanent */
    bool written;     /* the request may have reached the hub */
    bool stale;       /* it failed on a reused connection */
    int64_t delay_ms; /* until the reply comes; past the request's time-out it is too late */
    bool silent;      /* no reply comes */
    bool deaf;        /* the transport exceeds the time-out */
    bool cancels;     /* cancel_fd becomes readable while it is waited for */
    bool echoes;      /* body and a header repeat Authorization, as a hostile server may */
    struct c2d_connection connection;
};

struct script_request {
    char method[8], url[1024], authorization[1024];
    char headers[4096]; /* "Name: value\n" each, in order */
    bool has_authorization;
    char body[256]; /* truncated */
    size_t body_size;
    int timeout_ms;
    bool fresh;    /* a new connection was requested */
    int64_t at_ms; /* since the start of the script */
    int64_t at_s;  /* by the fake wall clock */
};

/* Usable with the replies set and all else zero. */
struct script {
    struct script_reply replies[SCRIPT_REPLIES];
    const struct c2d_options *options; /* NULL: defaults */
    int64_t start_s;                   /* 0: SCRIPT_START_S */
    uint64_t random;                   /* what the clock's random() returns each time */
    int64_t wall_shift_s;              /* a test changes it to set the machine's clock */
    bool wakes_early;   /* the next wait without a reply ends half-way, as by a signal */
    int64_t stopped_ms; /* the next wait lasts so long, without a reply: a stopped process */

    struct script_request requests[SCRIPT_REPLIES];
    size_t request_count;
    size_t cancelled; /* exchanges that the library cancelled */
    bool destroyed;
    int64_t now_ms;
    struct script_flight {
        size_t reply; /* index of the reply and of the request */
        void *tag;
        int64_t due_ms;
        bool late; /* due_ms is the transport's time-out */
    } flights[SCRIPT_REPLIES];
    size_t flight_count, most_flights;
    int watched_fd;     /* ends a wait when readable; -1: none */
    int64_t wake_ms;    /* when the descriptor was last set to be readable */
    int cancel_pipe[2]; /* script_cancel_fd() opens it */
};

/* Makes a client over script from connection_string. Fails the test on an error. */
struct c2d_client *client_for_test(struct script *script, const char *connection_string);
/* The scripted transport and the fake clock, for tests that make their client themselves. */
struct http_transport script_transport(struct script *script);
struct clock script_clock(struct script *script);
/* Returns the read end of a pipe for c2d_options.cancel_fd. script_cancel() makes it readable. */
int script_cancel_fd(struct script *script);
void script_cancel(struct script *script);

/* Returns a response that was read completely. headers end with NULL. body_size 0: strlen(body). */
struct http_response response_for_test(int status, const char *const *headers, const char *body,
                                       size_t body_size);

#endif
