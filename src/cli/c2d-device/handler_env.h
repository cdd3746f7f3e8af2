/* The environment of a handler: ours without any secret, and what the message says of itself. */
#ifndef HANDLER_ENV_H
#define HANDLER_ENV_H

#include "c2d.h"

#include <stdbool.h>

/* What is left out for want of room. */
enum env_cut {
    ENV_WHOLE,
    ENV_WITHOUT_JSON,       /* C2D_MESSAGE_JSON */
    ENV_WITHOUT_PROPERTIES, /* and C2D_PROP_* */
};

/* Leaves out at least what *cut says, more where the message's own variables take too much room,
 * and says in *cut what it was. NULL-terminated, to be freed with handler_env_free(); NULL when out
 * of memory. */
char **handler_env_make(const struct c2d_message *message, enum env_cut *cut);
/* Where the system had no room for it all. False when nothing more can be left out. */
bool handler_env_cut_more(enum env_cut *cut);
/* NULL is fine. */
void handler_env_free(char **environment);

#endif
