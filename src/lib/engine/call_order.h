/* Keeps the sends to each device in the order in which they were submitted. */
#ifndef CALL_ORDER_H
#define CALL_ORDER_H

#include "call.h"

/* A hash table of the last unfinished send of each device. Zeroed: empty. */
struct call_order {
    struct call **buckets;
    size_t bucket_count; /* 0 or a power of 2 */
    size_t devices;
};

/* Makes room for one more send. False: out of memory. */
bool call_order_reserve(struct call_order *order);
/* Adds a send after the last unfinished one to its device. Returns false if there is none: call may
 * start. Needs call_order_reserve() before. */
bool call_order_add(struct call_order *order, struct call *call);
/* Removes a send. Returns the one that may start now, or NULL. */
struct call *call_order_remove(struct call_order *order, struct call *call);
void call_order_clear(struct call_order *order);

#endif
