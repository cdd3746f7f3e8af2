/* The exit code of a command that processes several items. */
#ifndef SEVERAL_H
#define SEVERAL_H

#include "c2d.h"

/* Initialise it to zero. */
struct several {
    size_t done, failed;
    enum c2d_status first; /* status of the first failure, or of one that ends the command */
    bool differ;           /* the failures have different statuses */
};

void several_add(struct several *several, enum c2d_status status);
/* Returns false if the last failure would affect all other items: output, credentials, a signal. */
bool several_goes_on(const struct several *several);
/* Returns C2D_OK, or the common status if all items failed with it. STATUS_PARTIAL: some failed, or
 * with different statuses. */
enum c2d_status several_status(const struct several *several);

#endif
