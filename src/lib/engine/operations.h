/* One operation: its parameters, its call, and what its response means. Used by blocking.c and
 * submit.c. */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include "client.h"

struct operation {
    struct c2d_client *client;
    struct call call;
    struct outcome refused; /* send: of the first form, if the older form was used */
    char message_id[37];    /* send: generated for a message without one; "": it has one */
};

/* Returns C2D_USAGE for an outcome that its enum lacks. */
enum c2d_status operation_settle_endpoint(enum c2d_outcome outcome, enum endpoint_id *id,
                                          struct c2d_error *error);
/* As above, for a feedback batch; C2D_DATA for C2D_REJECT. */
enum c2d_status operation_feedback_settle_endpoint(enum c2d_outcome outcome, enum endpoint_id *id,
                                                   struct c2d_error *error);

/* The parameters of an operation; NULL if its endpoint does not need one. */
struct operation_target {
    const char *device_id, *lock_token;
    const struct c2d_message *message;
};

/* Fills in a zeroed operation, which must not move until operation_end(), and checks its
 * parameters. The caller calls operation_end() in any case. */
enum c2d_status operation_prepare(struct operation *operation, struct c2d_client *client,
                                  enum endpoint_id id, struct operation_target target,
                                  struct c2d_error *error);
void operation_end(struct operation *operation);

/* Returns true for a send whose path the peer does not know, after changing it to the older form:
 * the caller then submits its call again. */
bool operation_use_older_form(struct operation *operation);

/* Turn a call that has ended into the result and error, and return its status. */
enum c2d_status operation_finish_send(struct operation *operation, struct c2d_error *error);
enum c2d_status operation_finish_receive(struct operation *operation, struct c2d_message **message,
                                         struct c2d_error *error);
enum c2d_status operation_finish_settle(struct operation *operation, struct c2d_error *error);
enum c2d_status operation_finish_feedback(struct operation *operation,
                                          struct c2d_feedback **feedback, struct c2d_error *error);
enum c2d_status operation_finish_purge(struct operation *operation, int64_t *purged,
                                       struct c2d_error *error);
enum c2d_status operation_finish_device_info(struct operation *operation,
                                             struct c2d_device_info **info,
                                             struct c2d_error *error);

#endif
