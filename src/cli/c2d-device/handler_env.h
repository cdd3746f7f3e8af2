/* The environment of a handler: ours without any secret, and what the message says of itself. */
#ifndef HANDLER_ENV_H
#define HANDLER_ENV_H

#include "c2d.h"

/* NULL-terminated, to be freed with handler_env_free(); NULL when out of memory. */
char **handler_env_make(const struct c2d_message *message);
/* NULL is fine. */
void handler_env_free(char **environment);

#endif
