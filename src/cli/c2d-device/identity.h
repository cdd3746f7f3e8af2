/* A hash of hub and device, for file names that reveal neither. */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "c2d.h"

/* The hash is the same on every machine. */
uint64_t identity_hash(const struct c2d_client *client);

#endif
