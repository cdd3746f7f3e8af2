/* Messages as headers and body of the response to a receive, and of the request of a send. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "http/http.h"

/* A received message, and the memory that it points to. */
struct received {
    struct c2d_message message; /* first, so that both have the same address */
    struct http_headers headers;
    struct buf bytes; /* the body; of a message read from JSON, all of its texts, too */
    struct c2d_property *properties;
    char *device_id; /* NULL if it is in bytes */
};

/* Sets the members that derive from others and from the time of the request. */
void message_set_times(struct c2d_message *message, int64_t requested_at_s);

/* Makes a message of a 200. Takes over the contents of response, which is empty afterwards. Returns
 * C2D_PROTOCOL without a lock token, as the message could not be settled. */
enum c2d_status message_from_response(struct http_response *response, const char *device_id,
                                      int64_t requested_at_s, struct c2d_message **message,
                                      struct c2d_error *error);

/* Records in error the sequence number of the message in response, if the hub has locked it: that
 * is a 200 with a lock token, whether valid or not. */
void message_note_unreadable(const struct http_response *response, struct c2d_error *error);

/* Returns the lock token in the ETag header, without its quotes, which are removed in place: call
 * it once. Returns NULL without one that can be sent back, and if two differ. */
const char *message_lock_token(struct http_headers *headers);
/* True for a token that can be sent back, and false for a list of them. */
bool message_is_lock_token(const char *token);

/* Checks message before a request is made. Returns C2D_DATA, C2D_TOO_LARGE or C2D_USAGE if it is
 * not valid. */
enum c2d_status message_check(const struct c2d_message *message, struct c2d_error *error);
/* Adds the headers of message, which has passed message_check(). message_id, unless NULL, replaces
 * the message's own. */
enum c2d_status message_add_headers(const struct c2d_message *message, const char *message_id,
                                    struct http_headers *headers, struct c2d_error *error);
/* Replaces the expiry that message_add_headers() has added for a ttl. */
void message_set_expiry(struct http_headers *headers, int64_t expires_at_ms);

#endif
