/* One operation: its parameters, its call, and what its response means. Used by blocking.c and
 * submit.c. */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include "client.h"

struct operation {
    struct c2d_client *client;
    struct call call;
    char message_id[37]; /* send: generated for a message without one; "": it has one */
};

/* Fills in a zeroed operation, which must not move until operation_end(), and checks the members of
 * request that the endpoint uses. The caller calls operation_end() in any case. */
enum c2d_status operation_prepare(struct operation *operation, struct c2d_client *client,
                                  enum endpoint_id id, const struct c2d_request *request,
                                  struct c2d_error *error);
void operation_end(struct operation *operation);

/* Extend the error of a call that has ended, if an attempt is in doubt. */
void operation_explain_send(struct operation *operation, struct c2d_error *error);
void operation_explain_settle(struct operation *operation, struct c2d_error *error);
/* Read the response of a call that has succeeded. Return C2D_NO_MESSAGE if the queue is empty. */
enum c2d_status operation_read_message(struct operation *operation, struct c2d_message **message,
                                       struct c2d_error *error);
enum c2d_status operation_read_feedback(struct operation *operation, struct c2d_feedback **feedback,
                                        struct c2d_error *error);

#endif
