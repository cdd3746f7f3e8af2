/* One attempt under way: what happens to it, and what its client gets. */
#ifndef FLIGHT_H
#define FLIGHT_H

#include "network.h"

/* What happens to one attempt. */
enum fate {
    FATE_FINE,
    FATE_NOT_SENT,       /* no name, no connection, no TLS */
    FATE_NOT_CONNECTED,  /* the time for the connection passes */
    FATE_LOST_BEFORE,    /* written, but it never reaches the hub */
    FATE_LOST_AFTER,     /* the hub does it, and its answer is lost or cut */
    FATE_STALE,          /* a kept connection is dead: the peer resets it */
    FATE_STALE_AFTER,    /* the same, after the hub has done it */
    FATE_SILENT_BEFORE,  /* no answer until the time-out: a NAT has forgotten the connection */
    FATE_SILENT_AFTER,   /* the hub does it, and no answer arrives */
    FATE_LATE,           /* it reaches the hub when the client has given up */
    FATE_DEAF,           /* as silent, and the transport exceeds the time-out */
    FATE_GATEWAY_BEFORE, /* a gateway's 408, 500, 502, 504 */
    FATE_GATEWAY_AFTER,  /* the same, after the hub has done it */
    FATE_UNAVAILABLE,    /* 503 of a gateway, which has not passed the request on */
    FATE_HUB_FAILS,      /* 5xx of the hub, with its code */
    FATE_THROTTLED,
    FATE_CUT_REFUSAL, /* the body of a refusal is cut */
    FATE_MANGLED,     /* a head that is not valid HTTP */
    FATE_FILTER,      /* a filter's 403, or its page, or a redirect */
    FATE_NO_PATH,     /* 404, 405 or 501 without a code */
    FATE_REWRITTEN,   /* a proxy turns a 204 into a 200 */
    FATE_DATE_LIES,
    FATES
};

/* The transport of one client, or of several that share it. */
struct line {
    struct network *network;
    struct flight *in_flight; /* whose end was not returned yet; the latest first */
    size_t in_flight_count;
};

/* One attempt, until its request and its answer have arrived. */
struct flight {
    struct line *line; /* NULL: the client does not wait for it any more */
    void *tag;
    struct model_request request;
    enum fate fate;
    struct chance chance;
    struct http_response response;
    struct c2d_error error;
    bool is_written, is_stale;
    bool is_cut;     /* the body of a refusal is */
    bool has_answer; /* the client gets what the hub answers */
    bool is_ready;   /* its end has come, and waits for the next wait() of its transport */
    int64_t answer_ms, deadline_ms;
    unsigned places;     /* events that refer to it */
    struct flight *next; /* of the same transport */
};

/* Decides what happens to an attempt that starts now, and schedules it. */
void flight_launch(struct line *line, struct flight *flight, const struct http_request *http);
/* The request reaches the hub. */
void flight_arrive(struct network *network, struct flight *flight, int64_t at_ms);
/* Takes the flight from its transport, and gives its end to the client. */
void flight_hand_over(struct flight *flight, struct http_done *done);
/* Takes the flight from its transport: the client does not wait for it any more. */
void flight_remove(struct flight *flight);
/* One event less refers to the flight; the last one frees it. */
void flight_release(struct flight *flight);

#endif
