/* The environment of a handler: the inherited one without secrets, and the fields of the
 * message. */
#ifndef HANDLER_ENV_H
#define HANDLER_ENV_H

#include "c2d.h"

#include <stdbool.h>

/* The variables that are omitted to save space. */
enum env_cut {
    ENV_WHOLE,
    ENV_WITHOUT_JSON,       /* C2D_MESSAGE_JSON */
    ENV_WITHOUT_PROPERTIES, /* C2D_MESSAGE_JSON and C2D_PROP_* */
};

/* Returns the NULL-terminated environment; NULL: out of memory. Omits at least what *cut says. If
 * the variables of the message are too large, omits more and updates *cut. handler_env_free() frees
 * the result. */
char **handler_env_make(const struct c2d_message *message, enum env_cut *cut);
/* Omits more, after execve(2) failed with E2BIG. Returns false if nothing more can be omitted. */
bool handler_env_cut_more(enum env_cut *cut);
/* environment may be NULL. */
void handler_env_free(char **environment);

#endif
