/* Messages as headers and body: what the answer to a receive says, and what a send carries. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "http/http.h"

/* What stands before the name of an application property. */
extern const char message_property_prefix[];

/* Makes a message of a 200; takes the contents of response, which is empty afterwards. C2D_PROTOCOL
 * without a lock token: such a message could not be settled. */
enum c2d_status message_from_response(struct http_response *response, const char *device_id,
                                      int64_t requested_at_s, struct c2d_message **message,
                                      struct c2d_error *error);

/* Notes in error the sequence number of a message that response has locked, in case that it cannot
 * be read: it is a 200 with a lock token, readable or not. */
void message_note_unreadable(const struct http_response *response, struct c2d_error *error);

/* The lock token in the ETag header, without its quotes, cut in place; NULL without one that can be
 * sent back, and where two differ. Call it once: a second call would cut again. */
const char *lock_token_of(struct http_headers *headers);

/* Everything that can be known to be wrong before a request is made: C2D_DATA, C2D_TOO_LARGE. */
enum c2d_status message_check(const struct c2d_message *message, struct c2d_error *error);
/* Adds what message_check() has passed; message_id, unless NULL, instead of the message's own. */
enum c2d_status message_add_headers(const struct c2d_message *message, const char *message_id,
                                    struct http_headers *headers, struct c2d_error *error);
/* Replaces the expiry that message_add_headers() has added for a ttl. */
void message_set_expiry(struct http_headers *headers, int64_t expires_at_ms);

#endif
