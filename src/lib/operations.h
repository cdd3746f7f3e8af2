/* One operation from its request to what its answer means: for a call that waits, and for many. */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include "client.h"

struct operation {
    struct c2d_client *client;
    enum endpoint_id id;
    struct http_request request;
    struct http_response response;
    struct call call;
    const struct c2d_message *message; /* send: borrowed */
    struct c2d_error refused;          /* send: why the older form is tried */
};

struct exchange *exchange_of(const struct c2d_client *client);
enum endpoint_id endpoint_of_outcome(enum c2d_outcome outcome);

/* Makes the request. about says what it is about; credentials and version are filled in. In any
 * case operation_end() comes last; it returns status. */
enum c2d_status operation_prepare(struct operation *operation, struct c2d_client *client,
                                  enum endpoint_id id, struct endpoint_target about,
                                  struct c2d_error *error);
enum c2d_status operation_prepare_send(struct operation *operation, struct c2d_client *service,
                                       const char *device_id, const struct c2d_message *message,
                                       struct c2d_error *error);
enum c2d_status operation_end(struct operation *operation, enum c2d_status status);

/* A send that was refused by something that does not know its path: true when it is now of the
 * older form, to be exchanged once more. */
bool operation_takes_older_form(struct operation *operation);

/* What an exchange that has ended means; error, its status, is filled in. */
enum c2d_status operation_finish_send(struct operation *operation, struct c2d_error *error);
enum c2d_status operation_finish_receive(struct operation *operation, struct c2d_message **message,
                                         struct c2d_error *error);
enum c2d_status operation_finish_settle(struct operation *operation, struct c2d_error *error);
enum c2d_status operation_finish_device_info(struct operation *operation,
                                             struct c2d_device_info **info,
                                             struct c2d_error *error);

#endif
