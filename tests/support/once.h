/* One operation by a new client over a scripted hub. Each function checks that the error has the
 * returned status, and that the client destroys its transport. */
#ifndef ONCE_H
#define ONCE_H

#include "script.h"

/* The caller frees *message, which is NULL on errors. message NULL: frees the message. */
enum c2d_status receive_once(struct script *script, struct c2d_message **message,
                             struct c2d_error *error);
/* Sends to dev1. */
enum c2d_status send_once(struct script *script, const struct c2d_message *message,
                          struct c2d_error *error);
/* The expiry of the token in a request, in seconds since 1970. */
int64_t token_expiry(const struct script_request *request);

#endif
