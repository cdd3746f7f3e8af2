#ifndef SIM_CALL_H
#define SIM_CALL_H

#include "hub.h"

/* One request on its way through the hub. */
struct call {
    struct hub *hub;
    const struct http_peer *peer;
    struct http_request *request;
    struct http_response *response;
    struct route route;
    struct device *device; /* of the route; NULL: none, or none of that id */
    int64_t now_ms;
    enum shape shape; /* of errors */
    bool effect;      /* the request was honoured */
};

/* Serves a request; the handle() of a struct connection_list, with a struct hub as context. */
void call_handle(void *context, const struct http_peer *peer, struct http_request *request,
                 struct http_response *response);
/* Makes the answer an error. */
void call_fail(struct call *call, enum hub_error error);
/* Makes the answer a success. */
void call_succeed(struct call *call, int status);

/* The operations. The caller is authorised; call->device is there where the route has an id. */
void device_receive(struct call *call);
void device_settle(struct call *call);
void service_send(struct call *call);
void service_feedback(struct call *call);
void service_feedback_settle(struct call *call);
void service_purge(struct call *call);
void service_status(struct call *call);

#endif
