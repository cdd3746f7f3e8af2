/* Compares messages, and checks that a message survives its form as JSON. */
#ifndef SAME_MESSAGE_H
#define SAME_MESSAGE_H

#include "c2d.h"

/* Texts are equal, or both missing: "" is not NULL. */
bool same_text(const char *a, const char *b);
/* Checks that a and b are equal but for names of properties that are not UTF-8. */
void check_same_message(const struct c2d_message *a, const struct c2d_message *b);
/* Checks the JSON of message, and the message that is read from it. */
void check_round_trip(const struct c2d_message *message);

#endif
