/* The exit code of a command that does the same to several things. */
#ifndef SEVERAL_H
#define SEVERAL_H

#include "c2d.h"

/* Zeroed: nothing was done yet. */
struct several {
    size_t done, failed;
    enum c2d_status first; /* of the failures */
    bool differ;           /* they are not all the same */
};

void several_add(struct several *several, enum c2d_status status);
/* False when what failed last will fail for the rest too: output, credentials, a signal. */
bool several_goes_on(const struct several *several);
/* C2D_OK; what all failed with; STATUS_PARTIAL when only some did, or with different codes. */
enum c2d_status several_status(const struct several *several);

#endif
