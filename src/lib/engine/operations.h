/* One operation from its request to what its answer means: for a call that waits, and for one that
 * is submitted. */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include "client.h"

struct operation {
    struct c2d_client *client;
    struct call call;
    struct outcome refused; /* send: why the older form is tried */
    char message_id[37];    /* send: made for a message that has none; "": it has one */
};

struct exchange *exchange_of(const struct c2d_client *client);
/* C2D_USAGE for an outcome that is none. */
enum c2d_status endpoint_of_outcome(enum c2d_outcome outcome, enum endpoint_id *id,
                                    struct c2d_error *error);
/* As above, for a feedback batch; C2D_DATA for C2D_REJECT. */
enum c2d_status endpoint_of_feedback_outcome(enum c2d_outcome outcome, enum endpoint_id *id,
                                             struct c2d_error *error);

/* What an operation is about; NULL: its endpoint needs no such thing. */
struct operation_target {
    const char *device_id, *lock_token;
    const struct c2d_message *message;
};

/* Fills in a zeroed operation, which must not move until operation_end(). Checks all that can be
 * wrong before a request. In any case operation_end() comes last. */
enum c2d_status operation_prepare(struct operation *operation, struct c2d_client *client,
                                  enum endpoint_id id, struct operation_target target,
                                  struct c2d_error *error);
void operation_end(struct operation *operation);

/* A send that was refused by something that does not know its path: true when it is now of the
 * older form, to be exchanged once more. */
bool operation_takes_older_form(struct operation *operation);

/* What an exchange that has ended means; error, its status, is filled in. */
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
