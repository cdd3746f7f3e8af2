/* Hub and device as one number, for names of files that say nothing of either. */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "c2d.h"

/* The same for the same hub and device on every machine. */
uint64_t identity_hash(const struct c2d_client *client);

#endif
