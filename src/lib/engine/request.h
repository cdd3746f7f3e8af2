/* Turns public requests into operations, and operations into public results. */
#ifndef REQUEST_H
#define REQUEST_H

#include "operations.h"

/* As operation_prepare(), for request. */
enum c2d_status request_prepare(struct operation *operation, struct c2d_client *client,
                                const struct c2d_request *request, struct c2d_error *error);
/* Zeroes all of result but its error, which is large. */
void request_clear(struct c2d_result *result);
/* Fills in error, and all of result but its error and tag. */
void request_finish(struct operation *operation, enum c2d_action action, struct c2d_result *result,
                    struct c2d_error *error);

#endif
