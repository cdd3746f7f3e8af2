/* What a message holds: made from chance, and compared in every place that it passes. */
#ifndef CONTENT_H
#define CONTENT_H

#include "c2d.h"
#include "chance.h"
#include "http/http.h"

enum { CONTENT_PROPERTIES_MAX = 6 };

struct content {
    unsigned number; /* unique in a run; the property "number" has it */
    const char *body;
    size_t body_size;
    char message_id[24];                                          /* "": none is given */
    const char *correlation_id, *content_type, *content_encoding; /* NULL: none */
    enum c2d_ack ack;
    struct c2d_property properties[CONTENT_PROPERTIES_MAX];
    size_t property_count;
    char number_text[12];
};

void content_make(struct content *content, unsigned number, struct chance *chance);
/* Returns the message to send, which borrows from content. */
struct c2d_message content_message(const struct content *content);
/* Returns the number of the message in a request; 0: it has none. */
unsigned content_number_in(const struct http_request *request);
/* Return what differs between content and a request or a received message; NULL: nothing.
 * message_id is the one that the request had. */
const char *content_differs_in_request(const struct content *content,
                                       const struct http_request *request);
const char *content_differs_in_message(const struct content *content, const char *message_id,
                                       const struct c2d_message *message);

#endif
