/* The text of the model hub's answers, in all the forms in which hubs write them. */
#ifndef ANSWER_H
#define ANSWER_H

#include "hub.h"

/* Writes reply as a response. date_off_s is the lie of its Date. */
void answer_write(struct http_response *response, const struct model_reply *reply,
                  struct chance *chance, int64_t at_ms, int64_t date_off_s);
/* Responses that no hub writes: of a gateway, a network filter, a login portal. */
void answer_write_foreign(struct http_response *response, int status, struct chance *chance);
/* Adds one header. */
__attribute__((format(printf, 2, 3))) void answer_header(struct http_response *response,
                                                         const char *format, ...);
/* Writes a lock as a token, and reads it; 0: it is none of the hub's. */
void answer_lock_text(uint64_t lock, char text[static 40]);
uint64_t answer_lock_in(const char *text);

#endif
