/* The hub's REST endpoints: arguments to request, one function each. Sends nothing. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include "connstr.h"
#include "http.h"

/* What all requests of a client share. api_version NULL: each endpoint's own. */
struct endpoint {
    const struct credentials *credentials;
    const char *api_version;
};

/* Each fills in a zeroed request, or fails before anything could be sent. */
enum c2d_status endpoint_send(const struct endpoint *endpoint, const char *device_id,
                              const struct c2d_message *message, struct http_request *request,
                              struct c2d_error *error);
/* Turns a request of endpoint_send() into the form of older hubs, which names the device in a
 * header; for after a 404, 405 or 501 that carries no code of the hub's. */
enum c2d_status endpoint_send_older(const struct endpoint *endpoint, const char *device_id,
                                    struct http_request *request, struct c2d_error *error);
enum c2d_status endpoint_receive(const struct endpoint *endpoint, struct http_request *request,
                                 struct c2d_error *error);
enum c2d_status endpoint_settle(const struct endpoint *endpoint, const char *lock_token,
                                enum c2d_outcome outcome, struct http_request *request,
                                struct c2d_error *error);
enum c2d_status endpoint_feedback(const struct endpoint *endpoint, struct http_request *request,
                                  struct c2d_error *error);
enum c2d_status endpoint_feedback_settle(const struct endpoint *endpoint, const char *lock_token,
                                         enum c2d_outcome outcome, struct http_request *request,
                                         struct c2d_error *error);
enum c2d_status endpoint_purge(const struct endpoint *endpoint, const char *device_id,
                               struct http_request *request, struct c2d_error *error);
enum c2d_status endpoint_device(const struct endpoint *endpoint, const char *device_id,
                                struct http_request *request, struct c2d_error *error);

#endif
