/* auth: who may do what. */
#ifndef SIM_AUTH_H
#define SIM_AUTH_H

#include <stdbool.h>

struct call;

/* May it? If not, is_readable says whether there is a token that can be read. */
bool auth_check(const struct call *call, bool *is_readable);

#endif
