/* The simulated hub without sockets, for its two targets. */
#ifndef SIM_H
#define SIM_H

#include <stddef.h>

/* Serves requests, one after the other, on a new hub with the device dev1. In the text, SERVICE and
 * DEVICE become tokens of a policy and of dev1, and LOCK that of the message locked last. Checks
 * each response. */
void sim_serve(const void *data, size_t size);

#endif
